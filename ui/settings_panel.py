"""The settings panel: builds Chainlit's widgets and reads the values that come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chains import Resolved, all_backends, choose, setting_info
from messages import say
from prompts import PROMPTS, STYLES, read_prompt

from .engine import Engine
from .errors import PageError

if TYPE_CHECKING:
    from chainlit.input_widget import InputWidget, Tab

_RUN = (
    "backend", "language", "density", "answers", "kinds", "temperature", "max_tokens",
    "chunk_size", "threshold",
    "check", "judge", "include",
)  # fmt: skip
"""Settings of the first tab, in order; types and bounds come from ``chains.Settings``."""
_OWN = {
    "confirm_cost": "page.set_confirm_cost",
    "confirm_tokens": "page.set_confirm_tokens",
    "password": "page.set_password",
    "prompt_reset": "page.set_prompt_reset",
    "prompt_text_zh": "page.set_prompt_zh",
    "prompt_text_en": "page.set_prompt_en",
}
"""Labels of the widgets that are not settings."""
_HELPS = {
    "confirm_cost": "page.help_confirm_cost",
    "confirm_tokens": "page.help_confirm_tokens",
    "password": "page.help_password",
    "prompt_text_zh": "page.help_prompt_text",
    "prompt_text_en": "page.help_prompt_text",
    "example_pairs": "setting.example_pairs",
}
Spoken = Literal["zh", "en"]
PROMPT_BOXES: dict[str, Spoken] = {"prompt_text_zh": "zh", "prompt_text_en": "en"}
"""The boxes of the prompt's text, each asked with about texts of its language."""
_USUAL = {"kinds": "page.usual_all", "include": "page.usual_none"}
"""What a blank box of words stands for."""
_SAME = "-"
"""Stands for the backend that makes the pairs where a judge is chosen."""
MOST_COST, MOST_TOKENS = 1_000_000.0, 1_000_000_000


@dataclass(frozen=True)
class Panel:
    """The data that the panel shows.

    Attributes:
        resolved: The settings in force in this chat.
        confirm: Above what cost, and how many tokens where no price is known, a run is confirmed.
        language: ``en`` or ``zh``, of the page.
    """

    engine: Engine
    resolved: Resolved
    confirm: tuple[float, int]
    language: str

    def tabs(self, over: dict[str, Any] | None = None) -> list[Tab]:
        """Chainlit's widgets.

        Args:
            over: What a person has changed and not yet confirmed.

        Raises:
            SettingsError: The settings file is wrong.
        """
        from chainlit.input_widget import Select, Switch, Tab, TextInput

        shown = {**self.values(), **(over or {})}
        backend = choose(self.engine.settings({"backend": shown["backend"]}))
        usual = {"max_tokens": backend.max_tokens, "chunk_size": backend.chunk_size}
        run = [
            *(self._widget(name, shown[name], usual.get(name)) for name in _RUN),
            *(
                TextInput(initial=_blank(shown[name]), placeholder="0", **self._label(name))
                for name in ("confirm_cost", "confirm_tokens")
            ),
            TextInput(initial="", **self._label("password")),
        ]
        prompt = [
            Select(
                values=list(PROMPTS),
                initial_index=_at(PROMPTS, shown["prompt"]),
                **self._label("prompt"),
            ),
            *(
                TextInput(initial=shown[box], multiline=True, **self._label(box))
                for box in self._boxes()
            ),
            TextInput(
                initial=shown["example_pairs"], multiline=True, **self._label("example_pairs")
            ),
            Switch(initial=False, **self._label("prompt_reset")),
        ]
        return [
            Tab(id="run", label=say("page.tab_run", self.language), inputs=run),
            Tab(id="prompt", label=say("page.tab_prompt", self.language), inputs=prompt),
        ]

    def values(self) -> dict[str, Any]:
        """The value of every widget, by its id."""
        settings = self.resolved.settings
        prompt = settings.prompt or choose(self.resolved).prompt
        prompt = prompt if prompt in PROMPTS else PROMPTS[0]
        own = settings.prompt_text
        return {
            **{name: getattr(settings, name) for name in _RUN},
            "judge": settings.judge or _SAME,
            "confirm_cost": self.confirm[0],
            "confirm_tokens": self.confirm[1],
            "prompt": prompt,
            **{
                box: own if isinstance(own, str) else (own or {}).get(spoken) or built_in
                for box, spoken in PROMPT_BOXES.items()
                for built_in in [self.built_in(prompt, spoken)]
            },
            "example_pairs": settings.example_pairs or "",
            "prompt_reset": False,
            "password": "",
        }

    def _boxes(self) -> list[str]:
        """The boxes of the prompt's texts, that of the page's language first."""
        return sorted(PROMPT_BOXES, key=lambda box: PROMPT_BOXES[box] != self.language)

    def is_built_in(self, values: dict[str, Any], spoken: Spoken) -> bool:
        """Whether the prompt's text of a language is as it came."""
        box = next(one for one, of in PROMPT_BOXES.items() if of == spoken)
        return str(values.get(box)).strip() == self.built_in_of(values, spoken)

    def built_in_of(self, values: dict[str, Any], spoken: Spoken) -> str:
        """The built-in prompt that goes with what is chosen in the panel."""
        chosen = (str(values["density"]), str(values["answers"]))
        return self.built_in(str(values["prompt"]), spoken, *chosen)

    def built_in(
        self,
        prompt: str,
        language: Spoken,
        density: str | None = None,
        answers: str | None = None,
    ) -> str:
        """A built-in prompt in full, its worked example among it."""
        file = read_prompt(prompt, language)
        chosen = density or self.resolved.settings.density
        example = file.ask.strip().format(
            context=file.example.context, text=file.example.text.strip()
        )
        asked = answers or self.resolved.settings.answers
        style: Any = STYLES[prompt] if asked == "auto" else asked
        rules = file.rules(chosen, style)  # type: ignore[arg-type]  # a plain word
        return "\n".join([rules, "", example, "", file.shown_reply(style)])

    def _widget(self, name: str, value: Any, usual: int | None) -> InputWidget:
        """The widget for what a setting takes."""
        from chainlit.input_widget import Select, Slider, TextInput

        info, label = setting_info(name), self._label(name)
        if name == "backend":
            names = [one.name for one in all_backends(self.resolved)]
            return Select(values=names, initial_index=_at(names, value), **label)
        if name == "judge":
            items = {one.name: one.name for one in all_backends(self.resolved)}
            items = {say("page.set_same_judge", self.language): _SAME, **items}
            return Select(items=items, initial_value=value, **label)
        if info.choices:
            # A choice's words and what it stands for, as Chainlit wants them.
            items = {say(f"setting.{name}.{one}", self.language): one for one in info.choices}
            return Select(items=items, initial_value=value, **label)
        if info.least is not None and info.most is not None and not info.optional:
            step = 1 if info.kind is int else 0.1
            return Slider(initial=value, min=info.least, max=info.most, step=step, **label)
        if name in _USUAL:
            usual_words = say(_USUAL[name], self.language)
            return TextInput(initial=_blank(value), placeholder=usual_words, **label)
        return TextInput(initial=_blank(value), placeholder=self._usual(usual), **label)

    def _label(self, name: str) -> dict[str, Any]:
        label = say(_OWN.get(name, f"setting.{name}.label"), self.language)
        return {"id": name, "label": label, "description": self._help(name)}

    def _help(self, name: str) -> str:
        if name in _HELPS:
            return say(_HELPS[name], self.language)
        # What is chosen from a list is explained by the list.
        explained = name in _RUN and not setting_info(name).choices
        return setting_info(name).help(self.language) if explained else ""

    def _usual(self, value: int | None) -> str:
        if value is None:
            return say("page.usual_model", self.language)
        return say("page.usual", self.language, value=value)


def read_panel(values: dict[str, Any], panel: Panel) -> tuple[dict[str, Any], tuple[float, int]]:
    """The settings a person chose, and when a run is to be confirmed.

    Args:
        values: Of the widgets, by id; they come from a browser.
        panel: As it was shown.

    Raises:
        PageError: A number is no number.
    """
    chosen: dict[str, Any] = {}
    for name in _RUN:
        info = setting_info(name)
        if info.kind in (int, float):
            chosen[name] = _number(values.get(name), name, info.default)
        elif values.get(name) and (name, values[name]) != ("judge", _SAME):
            chosen[name] = str(values[name])
    prompt = str(values.get("prompt") or PROMPTS[0])
    known = {
        panel.built_in(one, language, density, answers).strip()
        for one in PROMPTS
        for language in PROMPT_BOXES.values()
        for density in setting_info("density").choices
        for answers in STYLES.values()
    }
    usual = choose(panel.engine.settings({"backend": chosen.get("backend")})).prompt
    own = {
        spoken: text
        for box, spoken in PROMPT_BOXES.items()
        if (text := str(values.get(box) or "").replace("\r\n", "\n").strip()) not in {"", *known}
    }
    if own:
        # One text for both is no changed built-in prompt: it is asked with as it stands.
        one = set(own.values()) if len(own) == len(PROMPT_BOXES) else set()
        chosen["prompt_text"] = one.pop() if len(one) == 1 else own
    if prompt != usual:
        chosen["prompt"] = prompt
    if pairs := str(values.get("example_pairs") or "").strip():
        chosen["example_pairs"] = pairs
    cost = _number(values.get("confirm_cost"), "confirm_cost", 0.0) or 0.0
    tokens = _number(values.get("confirm_tokens"), "confirm_tokens", 0) or 0
    confirm = (min(MOST_COST, max(0.0, cost)), int(min(MOST_TOKENS, max(0, tokens))))
    return chosen, confirm


def _number(value: Any, name: str, blank: float | None) -> float | int | None:
    if value is None or str(value).strip() == "":
        return blank
    try:
        number = float(str(value).strip())
    except ValueError as error:
        raise PageError("page.no_number", name=name, value=str(value)[:40]) from error
    return int(number) if number.is_integer() else number


def _blank(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _at(names: list[str] | tuple[str, ...], name: str) -> int:
    return list(names).index(name) if name in names else 0
