"""What a client may ask: texts and uploads, and the settings that are a client's to choose.

A client can name no file, no folder and no address of the server's world; an embedding, a model
file and a prompt file are the operator's to choose.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from chains import Resolved, Settings, choose
from prompts import MAX_OWN_PROMPT

from .config import MOST_CHARACTERS, Access
from .errors import RestError

FILE_ID = r"^[0-9a-f]{16}$"
NOT_BLANK = r"\S"
_OF_A_BACKEND = ("base_url", "model", "prompt", "max_tokens", "concurrency", "chunk_size")
"""What the service's own settings say about its backend, and not about another one."""
_NOT_SETTINGS = {"text", "name", "files", "base_url", "model"}


def _said(name: str) -> str:
    return str(Settings.model_fields[name].description)


def whole(given: object) -> object:
    """In JSON 17.0 is a whole number like 17, and true is none."""
    if isinstance(given, bool):
        raise ValueError("a truth value is no number")  # noqa: TRY004 - pydantic takes this one
    return int(given) if isinstance(given, float) and given.is_integer() else given


Whole = BeforeValidator(whole)


class Choices(BaseModel):
    """How to ask; what is left out is as the service has it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    backend: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description=_said("backend")
    )
    prompt: Literal["chatglm3", "gpt-3.5"] | None = Field(
        None, description="one of the built-in prompts; prompt_text gives one of your own"
    )
    prompt_text: Annotated[str, Field(max_length=MAX_OWN_PROMPT, pattern=NOT_BLANK)] | None = Field(
        None, description=_said("prompt_text")
    )
    language: Literal["auto", "zh", "en"] | None = Field(None, description=_said("language"))
    density: Literal["few", "normal", "all"] | None = Field(None, description=_said("density"))
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        None, description=_said("temperature")
    )
    max_tokens: Annotated[int, Field(ge=16, le=32_768), Whole] | None = Field(
        None, description=_said("max_tokens")
    )
    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description=_said("threshold")
    )
    evidence: Literal["strict", "keep"] | None = Field(None, description=_said("evidence"))
    max_calls: Annotated[int, Field(ge=0, le=1_000_000_000), Whole] | None = Field(
        None, description=_said("max_calls")
    )
    base_url: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description=_said("base_url") + "; only where the service allows it"
    )
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="name of the model there; only together with base_url"
    )


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
    given = chosen.model_dump(exclude=_NOT_SETTINGS, exclude_none=True) if chosen else {}
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
