"""What a client may ask: texts and uploads, and the settings that are a client's to choose.

A client can name no file, no folder and no address of the server's world; an embedding, a model
file and a prompt file are the operator's to choose.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    create_model,
)

from chains import Resolved, Settings, choose, setting_info
from prompts import MAX_OWN_PROMPT, PROMPTS

from .config import MOST_CHARACTERS, Access
from .errors import RestError

FILE_ID = r"^[0-9a-f]{16}$"
NOT_BLANK = r"\S"
_OF_A_BACKEND = ("base_url", "model", "prompt", "max_tokens", "concurrency", "chunk_size")
"""What the service's own settings say about its backend, and not about another one."""


def whole(given: object) -> object:
    """In JSON 17.0 is a whole number like 17, and true is none."""
    if isinstance(given, bool):
        raise ValueError("a truth value is no number")  # noqa: TRY004 - pydantic takes this one
    return int(given) if isinstance(given, float) and given.is_integer() else given


Whole = BeforeValidator(whole)


class Strict(BaseModel):
    """What a client sends: no field too many, no value of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def offer(name: str, *, taken: Any = None, about: str = "", **bounds: Any) -> Any:
    """The field through which a client chooses a setting, as ``create_model`` takes it.

    Args:
        name: The setting; its type, bounds and description are those of ``Settings``.
        taken: The type, where a client has less to choose from.
        about: The description, where it means something else to a client.
        bounds: Of the service's own beside those of the setting.

    Raises:
        KeyError: There is no such setting: a fault of ours, never of a client's.
    """
    info = setting_info(name)
    kind: Any = taken or (Literal[info.choices] if info.choices else info.kind)
    kind = kind | None
    if info.kind is int:
        kind = Annotated[kind, Whole]
    bounds.update({} if info.least is None else {"ge": info.least, "le": info.most})
    return (kind, Field(None, description=about or info.help("en"), **bounds))


_OFFERED: dict[str, Any] = {
    "backend": offer("backend", min_length=1, max_length=100),
    "prompt": offer(
        "prompt",
        taken=Literal[PROMPTS],
        about="one of the built-in prompts; prompt_text gives one of your own",
    ),
    "prompt_text": offer("prompt_text", max_length=MAX_OWN_PROMPT, pattern=NOT_BLANK),
    "language": offer("language"),
    "density": offer("density"),
    "temperature": offer("temperature"),
    "max_tokens": offer("max_tokens"),
    "threshold": offer("threshold"),
    "evidence": offer("evidence"),
    "max_calls": offer("max_calls"),
}
_ELSEWHERE: dict[str, Any] = {
    "base_url": offer(
        "base_url",
        about=setting_info("base_url").help("en") + "; only where the service allows it",
        min_length=1,
        max_length=500,
    ),
    "model": offer(
        "model",
        about="name of the model there; only together with base_url",
        min_length=1,
        max_length=200,
    ),
}
"""What sends the calls to an address of the client's own."""
SHOWN = tuple(_OFFERED)
"""The settings that a job shows to whoever asks about it."""


class Choices(create_model("_Choices", __base__=Strict, **_OFFERED, **_ELSEWHERE)):  # type: ignore[misc]  # made here
    """How to ask; what is left out is as the service has it."""


class TextInput(Choices):
    """A text that is material itself."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=NOT_BLANK)]
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        "text", description="what the pairs name as their source"
    )


class FilesInput(Choices):
    """Files that were sent to /files before, all for one list."""

    files: list[Annotated[str, Field(pattern=FILE_ID)]] = Field(min_length=1, max_length=100)


def _kind(given: Any) -> str:
    if isinstance(given, str):
        return "plain"
    fields = given if isinstance(given, dict) else getattr(given, "__dict__", {})
    return "files" if "files" in fields and "text" not in fields else "text"


PlainText = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=NOT_BLANK)]
Input = Annotated[
    Annotated[PlainText, Tag("plain")]
    | Annotated[TextInput, Tag("text")]
    | Annotated[FilesInput, Tag("files")],
    Discriminator(_kind),
]
TAGS = ("plain", "text", "files")


def settings_for(chosen: Choices | None, resolved: Resolved, access: Access) -> Resolved:
    """The settings of the service with a client's choices laid over.

    Args:
        chosen: The client's; None for none.
        resolved: The service's.
        access: Says whether a client may name an address.

    Raises:
        RestError: It may not.
        SettingsError: There is no such backend.
    """
    given = chosen.model_dump(include={*_OFFERED}, exclude_none=True) if chosen else {}
    base = resolved.settings.model_dump()
    if given.get("backend", base["backend"]) != base["backend"]:
        base.update(dict.fromkeys(_OF_A_BACKEND))
    if "prompt" in given:
        base["prompt_text"] = None
    settings = Settings.model_validate({**base, **given})
    ours = resolved.model_copy(update={"settings": settings})
    choose(ours)
    if chosen is None or (chosen.base_url is None and chosen.model is None):
        return ours
    return _elsewhere(chosen, ours, access)


def _elsewhere(chosen: Choices, ours: Resolved, access: Access) -> Resolved:
    """The same for an address of the client's, to which no key of ours is sent."""
    field = "base_url" if chosen.base_url else "model"
    if not access.base_url or not chosen.base_url:
        raise RestError("rest.base_url", field=field)
    name = ours.settings.backend
    table = choose(ours).model_dump(exclude={"name"})
    table.update(base_url=chosen.base_url, base_url_env=None, api_key_env=None)
    table.update({"model": chosen.model} if chosen.model else {})
    settings = ours.settings.model_copy(update={"base_url": chosen.base_url, "model": chosen.model})
    return ours.model_copy(
        update={"settings": settings, "backends": {**ours.backends, name: table}}
    )
