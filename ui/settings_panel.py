"""The settings panel: its widgets, what a person put into them, and the settings that makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chains import Resolved, all_backends, choose
from messages import say
from prompts import PROMPTS, read_prompt

from .engine import Engine
from .errors import PageError

if TYPE_CHECKING:
    from chainlit.input_widget import Tab

_OPTIONAL = ("max_tokens", "chunk_size", "threshold")
# What is chosen -> the words for it.
_LANGUAGES = {
    "auto": "page.language_auto",
    "zh": "page.language_zh",
    "en": "page.language_en",
}
_DENSITIES = {
    "few": "page.density_few",
    "normal": "page.density_normal",
    "all": "page.density_all",
}
MOST_COST, MOST_TOKENS = 1_000_000.0, 1_000_000_000


@dataclass(frozen=True)
class Panel:
    """What the panel shows.

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
        from chainlit.input_widget import Select, Slider, Switch, Tab, TextInput

        shown = {**self.values(), **(over or {})}
        backend = choose(self.engine.settings({"backend": shown["backend"]}))
        usual = {"max_tokens": backend.max_tokens, "chunk_size": backend.chunk_size}
        names = [one.name for one in all_backends(self.resolved)]
        run = [
            Select(
                values=names, initial_index=_at(names, shown["backend"]), **self._label("backend")
            ),
            Select(
                items=_items(_LANGUAGES, self.language),
                initial_value=shown["language"],
                **self._label("language"),
            ),
            Select(
                items=_items(_DENSITIES, self.language),
                initial_value=shown["density"],
                **self._label("density"),
            ),
            Slider(
                initial=shown["temperature"], min=0, max=2, step=0.1, **self._label("temperature")
            ),
            *(
                TextInput(
                    initial=_blank(shown[name]),
                    placeholder=self._usual(usual.get(name)),
                    **self._label(name),
                )
                for name in (*_OPTIONAL, "confirm_cost", "confirm_tokens")
            ),
        ]
        prompt = [
            Select(
                values=list(PROMPTS),
                initial_index=_at(PROMPTS, shown["prompt"]),
                **self._label("prompt"),
            ),
            TextInput(initial=shown["prompt_text"], multiline=True, **self._label("prompt_text")),
            Switch(initial=False, **self._label("prompt_reset")),
        ]
        return [
            Tab(id="run", label=say("page.tab_run", self.language), inputs=run),
            Tab(id="prompt", label=say("page.tab_prompt", self.language), inputs=prompt),
        ]

    def values(self) -> dict[str, Any]:
        """What every widget holds, by its id."""
        settings = self.resolved.settings
        prompt = settings.prompt or choose(self.resolved).prompt
        prompt = prompt if prompt in PROMPTS else PROMPTS[0]
        own = settings.prompt_text
        return {
            "backend": settings.backend,
            "language": settings.language,
            "density": settings.density,
            "temperature": settings.temperature,
            **{name: getattr(settings, name) for name in _OPTIONAL},
            "confirm_cost": self.confirm[0],
            "confirm_tokens": self.confirm[1],
            "prompt": prompt,
            "prompt_text": own if own is not None else self.built_in(prompt),
            "prompt_reset": False,
        }

    def built_in(self, prompt: str, language: str | None = None, density: str | None = None) -> str:
        """A built-in prompt in full, its worked example among it."""
        spoken = language or self.resolved.settings.language
        file = read_prompt(prompt, self.language if spoken == "auto" else spoken)
        chosen = density or self.resolved.settings.density
        example = file.ask.strip().format(
            context=file.example.context, text=file.example.text.strip()
        )
        parts = [file.task.strip(), dict(file.density)[chosen].strip()]  # type: ignore[index]  # a plain word
        return "\n".join([*parts, "", example, "", file.example.reply.strip()])

    def _label(self, name: str) -> dict[str, Any]:
        return {"id": name, "label": _labels(self.language)[name], "description": self._help(name)}

    def _help(self, name: str) -> str:
        return _helps(self.language).get(name, "")

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
    chosen: dict[str, Any] = {
        name: str(values[name]) for name in ("backend", "language", "density") if values.get(name)
    }
    chosen["temperature"] = _number(values.get("temperature"), "temperature", 0.0)
    for name in _OPTIONAL:
        chosen[name] = _number(values.get(name), name, None)
    prompt = str(values.get("prompt") or PROMPTS[0])
    text = str(values.get("prompt_text") or "").replace("\r\n", "\n").strip()
    known = {
        panel.built_in(one, language, density).strip()
        for one in PROMPTS
        for language in ("zh", "en")
        for density in _DENSITIES
    }
    usual = choose(panel.engine.settings({"backend": chosen.get("backend")})).prompt
    if text and text not in known:
        chosen["prompt_text"] = text
    elif prompt != usual:
        chosen["prompt"] = prompt
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
    return int(number) if number.is_integer() and name != "threshold" else number


def _items(choices: dict[str, str], language: str) -> dict[str, str]:
    """A choice's words and what it stands for, as Chainlit wants them."""
    return {say(code, language): chosen for chosen, code in choices.items()}


def _blank(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _at(names: list[str] | tuple[str, ...], name: str) -> int:
    return list(names).index(name) if name in names else 0


def _labels(language: str) -> dict[str, str]:
    codes = {
        "backend": "page.set_backend",
        "language": "page.set_language",
        "density": "page.set_density",
        "temperature": "page.set_temperature",
        "max_tokens": "page.set_max_tokens",
        "chunk_size": "page.set_chunk_size",
        "threshold": "page.set_threshold",
        "confirm_cost": "page.set_confirm_cost",
        "confirm_tokens": "page.set_confirm_tokens",
        "prompt": "page.set_prompt",
        "prompt_text": "page.set_prompt_text",
        "prompt_reset": "page.set_prompt_reset",
    }
    return {name: say(code, language) for name, code in codes.items()}


def _helps(language: str) -> dict[str, str]:
    codes = {
        "backend": "setting.backend",
        "temperature": "setting.temperature",
        "max_tokens": "setting.max_tokens",
        "chunk_size": "setting.chunk_size",
        "threshold": "setting.threshold",
        "confirm_cost": "page.help_confirm_cost",
        "confirm_tokens": "page.help_confirm_tokens",
        "prompt_text": "page.help_prompt_text",
    }
    return {name: say(code, language) for name, code in codes.items()}
