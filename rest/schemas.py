"""Request schemas: texts, uploads, and the settings that a client may choose.

A client cannot name a file or folder of the server, nor an address in its network: the embedding,
the model file and the prompt file are chosen by the operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    create_model,
)

from chains import Resolved, Settings, choose, choose_judge, setting_info
from loaders import INCLUDABLE
from prompts import KINDS, MAX_OWN_PROMPT, PROMPTS

from .config import MOST_CHARACTERS, Access
from .errors import RestError

FILE_ID = r"^[0-9a-f]{16}$"
NOT_BLANK = r"[^\s\x1c-\x1f]"
"""A character that is no white space: the four separators are to Python, in no other pattern."""


def _words(known: Sequence[str]) -> str:
    """The pattern of known words with commas between them."""
    one = f"({'|'.join(known)})"
    return f"^{one}(,{one})*$"


_BACKEND_SPECIFIC = ("base_url", "model", "prompt", "max_tokens", "concurrency", "chunk_size")
"""Settings of the service that do not carry over when a client chooses another backend."""


def as_integer(given: object) -> object:
    """Accepts 17.0 as an integer, as JSON does, and refuses true.

    Raises:
        ValueError: The value is a boolean.
    """
    if isinstance(given, bool):
        raise ValueError("a truth value is no number")  # noqa: TRY004 - pydantic catches ValueError only
    return int(given) if isinstance(given, float) and given.is_integer() else given


Whole = BeforeValidator(as_integer)


class Strict(BaseModel):
    """Base of request bodies: no unknown fields, no type coercion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def offer(name: str, *, type_: Any = None, about: str = "", **bounds: Any) -> Any:
    """The optional field for a setting, in the form ``create_model`` takes.

    Args:
        name: The setting; type, bounds and description come from ``Settings``.
        type_: Replaces the type, if a client may choose among fewer values.
        about: Replaces the description, if a client needs another one.
        bounds: Further arguments of ``Field``, such as ``max_length``.

    Raises:
        KeyError: There is no such setting; a programming error, never a client's.
    """
    info = setting_info(name)
    kind: Any = type_ or (Literal[info.choices] if info.choices else info.kind)
    kind = kind | None
    if info.kind is int:
        kind = Annotated[kind, Whole]
    bounds.update({} if info.least is None else {"ge": info.least, "le": info.most})
    return (kind, Field(None, description=about or info.help("en"), **bounds))


_OFFERED: dict[str, Any] = {
    "backend": offer("backend", min_length=1, max_length=100),
    "prompt": offer(
        "prompt",
        type_=Literal[PROMPTS],
        about="one of the built-in prompts; prompt_text gives one of your own",
    ),
    "prompt_text": offer("prompt_text", max_length=MAX_OWN_PROMPT, pattern=NOT_BLANK),
    "language": offer("language"),
    "density": offer("density"),
    "answers": offer("answers"),
    "kinds": offer("kinds", max_length=100, pattern=_words(KINDS)),
    "example_pairs": offer("example_pairs", max_length=MAX_OWN_PROMPT, pattern=NOT_BLANK),
    "temperature": offer("temperature"),
    "max_tokens": offer("max_tokens"),
    "threshold": offer("threshold"),
    "evidence": offer("evidence"),
    "check": offer("check"),
    "judge": offer("judge", min_length=1, max_length=100),
    "keep_reasoning": offer("keep_reasoning"),
    "max_calls": offer("max_calls"),
    "include": offer("include", max_length=100, pattern=_words(INCLUDABLE)),
}
_ADDRESS_FIELDS: dict[str, Any] = {
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
"""Fields that send the model calls to an address of the client's choice."""
SHOWN = (*_OFFERED, "prompt_version")
"""The settings that job responses include."""


class Choices(create_model("_Choices", __base__=Strict, **_OFFERED, **_ADDRESS_FIELDS)):  # type: ignore[misc]  # a dynamic base class
    """Settings of a run; those left out keep the service's values."""


def _without_default(schema: dict[str, Any]) -> None:
    """Takes the default out: openapi-typescript requires every field that has one."""
    schema.pop("default", None)


class TextInput(Choices):
    """A text to make pairs from, and settings."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=NOT_BLANK)]
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        "text",
        description="what the pairs name as their source; text if left out",
        json_schema_extra=_without_default,
    )


class FilesInput(Choices):
    """Files uploaded to /files before, for one pair list together, and settings."""

    files: list[Annotated[str, Field(pattern=FILE_ID)]] = Field(min_length=1, max_length=1000)
    password: SecretStr | None = Field(
        None, max_length=1000, description="opens encrypted files among them; kept nowhere"
    )


def _tag(given: Any) -> str:
    if isinstance(given, str):
        return "plain"
    fields = given if isinstance(given, dict) else getattr(given, "__dict__", {})
    return "files" if "files" in fields and "text" not in fields else "text"


PlainText = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=NOT_BLANK)]
Input = Annotated[
    Annotated[PlainText, Tag("plain")]
    | Annotated[TextInput, Tag("text")]
    | Annotated[FilesInput, Tag("files")],
    Discriminator(_tag),
]
TAGS = ("plain", "text", "files")


def settings_for(chosen: Choices | None, resolved: Resolved, access: Access) -> Resolved:
    """The service's settings, overridden by a client's choices.

    Args:
        chosen: The client's choices; None for none.
        resolved: The service's settings.
        access: Decides whether a client may choose the backend's address.

    Raises:
        RestError: The client chose an address and may not.
        SettingsError: There is no such backend.
    """
    given = chosen.model_dump(include={*_OFFERED}, exclude_none=True) if chosen else {}
    base = resolved.settings.model_dump()
    if given.get("backend", base["backend"]) != base["backend"]:
        base.update(dict.fromkeys(_BACKEND_SPECIFIC))
    if "prompt" in given:
        base["prompt_text"] = None
    settings = Settings.model_validate({**base, **given})
    merged = resolved.model_copy(update={"settings": settings})
    choose(merged)
    choose_judge(merged)
    if chosen is None or (chosen.base_url is None and chosen.model is None):
        return merged
    return _with_client_address(chosen, merged, access)


def _with_client_address(chosen: Choices, resolved: Resolved, access: Access) -> Resolved:
    """The same settings with a client's backend address; the operator's API key is not sent."""
    field = "base_url" if chosen.base_url else "model"
    if not access.base_url or not chosen.base_url:
        raise RestError("rest.base_url", field=field)
    name = resolved.settings.backend
    table = choose(resolved).model_dump(exclude={"name"})
    table.update(base_url=chosen.base_url, base_url_env=None, api_key_env=None)
    table.update({"model": chosen.model} if chosen.model else {})
    settings = resolved.settings.model_copy(
        update={"base_url": chosen.base_url, "model": chosen.model}
    )
    return resolved.model_copy(
        update={"settings": settings, "backends": {**resolved.backends, name: table}}
    )
