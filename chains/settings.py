"""The settings: their ranges, their sources in order of precedence, and the user's folders.

Precedence: what the caller gives (a flag), the environment (``QA3_<NAME>``), a settings file, the
default. The settings file is the one named, else ``qa3.toml`` in the working folder, else
``qa3.toml`` in the user's configuration folder. A relative path in it is relative to it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from loaders import INCLUDABLE
from messages import say
from prompts import KINDS, PROMPT_VERSION, PROMPTS

from .environment import PREFIX, user_folder
from .errors import SettingsError, expected

FILE_NAME = "qa3.toml"
NAMED_EMBEDDINGS = ("auto", "bge", "packaged", "lexical")
"""Embeddings that are called by a word of ours; others by a folder, a name or an address."""
_WORDS = ", ".join(INCLUDABLE)


def _setting(name: str, default: Any, **bounds: float) -> Any:
    """A field described by the sentence that the command line and the page show."""
    description = _help(name, bounds.get("ge"), bounds.get("le"), "en")
    return Field(default, description=description, **bounds)  # type: ignore[call-overload]  # bounds by name


def _help(name: str, least: float | None, most: float | None, language: str) -> str:
    bounds = {"least": f"{least or 0:g}", "most": f"{most or 0:g}"}
    return say(f"setting.{name}", language, **bounds)


class Settings(BaseModel):
    """The settings of a run. None leaves a value to the backend or the embedding.

    Example:
        >>> Settings(backend="chatglm3", kinds=["why", "what"]).kinds
        'what,why'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: str = _setting("backend", "embedded")
    base_url: str | None = _setting("base_url", None)
    model: str | None = _setting("model", None)
    prompt: str | None = _setting("prompt", None)
    prompt_text: str | dict[Literal["zh", "en"], str] | None = _setting("prompt_text", None)
    language: Literal["auto", "zh", "en"] = _setting("language", "auto")
    density: Literal["few", "normal", "all"] = _setting("density", "normal")
    answers: Literal["auto", "short", "full"] = _setting("answers", "auto")
    kinds: str | None = _setting("kinds", None)
    examples: Path | None = _setting("examples", None)
    example_pairs: str | None = _setting("example_pairs", None)
    prompt_version: int | None = _setting("prompt_version", None, ge=1, le=PROMPT_VERSION)
    temperature: float = _setting("temperature", 0.0, ge=0, le=2)
    max_tokens: int | None = _setting("max_tokens", None, ge=16, le=32_768)
    concurrency: int | None = _setting("concurrency", None, ge=1, le=256)
    timeout: float = _setting("timeout", 300.0, ge=1, le=3600)
    retry_seconds: float = _setting("retry_seconds", 120.0, ge=0, le=3600)
    requests_per_minute: int | None = _setting("requests_per_minute", None, ge=1, le=1_000_000)
    tokens_per_minute: int | None = _setting("tokens_per_minute", None, ge=1, le=1_000_000_000)
    max_calls: int | None = _setting("max_calls", None, ge=0, le=1_000_000_000)
    max_tokens_total: int | None = _setting("max_tokens_total", None, ge=1, le=1_000_000_000_000)
    chunk_size: int | None = _setting("chunk_size", None, ge=20, le=8_000)
    overlap: int = _setting("overlap", 0, ge=0, le=10)
    include: str | None = _setting("include", None)
    embeddings: str = _setting("embeddings", "auto")
    embedding_backend: Literal["auto", "torch", "openvino"] = _setting("embedding_backend", "auto")
    keep_reasoning: bool = _setting("keep_reasoning", False)
    passes: int = _setting("passes", 1, ge=1, le=5)
    check: Literal["all", "open", "off"] = _setting("check", "all")
    judge: str | None = _setting("judge", None)
    threshold: float | None = _setting("threshold", None, ge=0, le=1)
    processes: int = _setting("processes", 1, ge=1, le=16)
    evidence: Literal["strict", "keep"] = _setting("evidence", "strict")
    journal: Path | None = _setting("journal", None)
    ray: str | None = _setting("ray", None)

    @property
    def included(self) -> frozenset[str]:
        """The words of ``include``."""
        return frozenset((self.include or "").split(",")) - {""}

    @field_validator("include", mode="before")
    @classmethod
    def _known_words(cls, given: Any) -> str | None:
        """Words of ``INCLUDABLE``, a list of them or one text, as a text with commas."""
        if given is None:
            return None
        words = re.split(r"[,，、\s]+", given) if isinstance(given, str) else map(str, given)
        known = list(dict.fromkeys(filter(None, words)))
        if not set(known) <= set(INCLUDABLE):
            raise PydanticCustomError("words", "one of {expected}", {"expected": _WORDS})
        return ",".join(known) or None

    @field_validator("kinds", mode="before")
    @classmethod
    def _in_order(cls, given: Any) -> Any:
        """The kinds as one text, in the order in which prompts name them."""
        if given is None:
            return None
        several = given.split(",") if isinstance(given, str) else given
        named = [str(one).strip().lower() for one in several] if _is_list(several) else [""]
        if not named or not set(named) <= set(KINDS):
            raise PydanticCustomError("kinds", "unknown kind", {"expected": ", ".join(KINDS)})
        return ",".join(kind for kind in KINDS if kind in named)

    @model_validator(mode="before")
    @classmethod
    def _as_check(cls, given: Any) -> Any:
        return _verify_as_check(given) if isinstance(given, dict) else given


def _is_list(given: object) -> bool:
    return isinstance(given, list | tuple)


def _verify_as_check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in which ``verify``, as jobs and files of earlier versions have it, is ``check``."""
    rest = dict(given)
    verify = rest.pop("verify", None)
    if verify is not None:
        try:
            said = "all" if TypeAdapter(bool).validate_python(verify) else "off"
        except ValidationError:
            said = verify  # told of as a value that check does not take
        rest.setdefault("check", said)
    return rest


@dataclass(frozen=True)
class SettingInfo:
    """The description of one setting for the command line, the REST service and the page.

    Attributes:
        name: The field of ``Settings``.
        kind: What its values are: bool, int, float, str or Path.
        choices: The allowed values; empty if any value in the range is.
        optional: Whether it may be left to the backend or the embedding.
        default: Its value if none is given.
        least: The smallest value; None where there is no bound.
        most: The largest.
    """

    name: str
    kind: type
    choices: tuple[str, ...]
    optional: bool
    default: Any
    least: float | None
    most: float | None

    def help(self, language: str) -> str:
        """What the setting is for, in ``en`` or ``zh``."""
        return _help(self.name, self.least, self.most, language)


def setting_info(name: str) -> SettingInfo:
    """The description of one field of ``Settings``.

    Args:
        name: The field.

    Raises:
        KeyError: There is no such setting: a fault of the caller, never of the user.
    """
    field = Settings.model_fields[name]
    whole: Any = field.annotation
    is_literal = get_origin(whole) is Literal
    members = [] if is_literal else [one for one in get_args(whole) if one is not type(None)]
    bounds = {
        side: limit
        for rule in field.metadata
        for side in ("ge", "le")
        if (limit := getattr(rule, side, None)) is not None
    }
    return SettingInfo(
        name=name,
        kind=str if is_literal else (members or [whole])[0],
        choices=get_args(whole) if is_literal else (),
        optional=bool(members),
        default=field.default,
        least=bounds.get("ge"),
        most=bounds.get("le"),
    )


class Resolved(BaseModel):
    """Settings with the origin of each value and the backends a settings file adds."""

    model_config = ConfigDict(frozen=True)

    settings: Settings
    origins: dict[str, str] = Field(description="flag, environment NAME, file PATH, or default")
    backends: dict[str, dict[str, Any]] = Field(default_factory=dict)


def resolve(given: Mapping[str, Any] | None = None, config: Path | None = None) -> Resolved:
    """The settings in force.

    Args:
        given: Values from the caller, by name; None counts as not given.
        config: A settings file; it must exist when named.

    Raises:
        SettingsError: A value out of range, an unknown name, or a file that cannot be read.

    Example:
        >>> resolve({"concurrency": "4"}).settings.concurrency
        4
    """
    file, from_file = _read_file(config)
    backends = from_file.pop("backends", {})
    layers: list[tuple[str, dict[str, Any]]] = [
        (f"file {file}", from_file),
        ("environment", _from_environment()),
        ("flag", _given(given or {})),
    ]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for origin, layer in layers:
        for name, value in _verify_as_check(layer).items():
            values[name] = value
            origins[name] = (
                f"{origin} {PREFIX}{name.upper()}" if origin == "environment" else origin
            )
    settings = _validated(values, origins)
    if not isinstance(backends, dict) or not all(
        isinstance(one, dict) for one in backends.values()
    ):
        raise SettingsError("settings.backends_table", file=str(file))
    return Resolved(settings=settings, origins=origins, backends=backends)


def changed(resolved: Resolved, given: Mapping[str, Any]) -> Resolved:
    """Settings that were resolved before, with some of them given anew.

    Args:
        resolved: The settings before.
        given: As for ``resolve``.

    Raises:
        SettingsError: A value out of range, or an unknown name.
    """
    anew = _verify_as_check(_given(given))
    if not anew:
        return resolved
    origins = resolved.origins | dict.fromkeys(anew, "flag")
    settings = _validated({**resolved.settings.model_dump(), **anew}, origins)
    return resolved.model_copy(update={"settings": settings, "origins": origins})


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def _validated(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _as_settings_error(error, origins) from error


def _from_environment() -> dict[str, str]:
    known = (*Settings.model_fields, "verify")
    names = {f"{PREFIX}{name.upper()}": name for name in known}
    return {name: os.environ[key] for key, name in names.items() if os.environ.get(key)}


def _read_file(config: Path | None) -> tuple[Path | None, dict[str, Any]]:
    if config is not None and not config.is_file():
        raise SettingsError("settings.no_file", file=str(config))
    candidates = [config] if config else [Path(FILE_NAME), user_folder("config") / FILE_NAME]
    file = next((one for one in candidates if one.is_file()), None)
    if file is None:
        return None, {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = file.read_text(encoding="utf-8-sig")
        return file, _placed(tomllib.loads(text), file)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))  # else where the file ends
        at = int(line[1]) if line else text.count("\n") + 1
        raise SettingsError("settings.broken_line", file=str(file), line=at) from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError("settings.broken_file", file=str(file), reason=str(error)) from error


def _placed(values: dict[str, Any], file: Path) -> dict[str, Any]:
    """What a settings file says, with its relative paths taken from the folder that it lies in."""
    folder = file.absolute().parent
    placed = {name: _placed_value(name, value, folder) for name, value in values.items()}
    tables = placed.get("backends")
    if isinstance(tables, dict):
        placed["backends"] = {
            backend: _placed(table, file) if isinstance(table, dict) else table
            for backend, table in tables.items()
        }
    return placed


def _placed_value(name: str, value: Any, folder: Path) -> Any:
    """A value of a settings file, if it is a path as one that holds in any working folder.

    A prompt that is not built in is a file; models and embeddings have names, too, and are files
    and folders where one lies there, or where they are spelled like one.
    """
    if not isinstance(value, str) or not value:
        return value
    try:
        place = folder / Path(value).expanduser()
        is_path = (
            name in _PATHS
            or (name == "prompt" and value not in PROMPTS)
            or (name == "model" and (value[0] in "./\\~" or place.is_file()))
            or (
                name == "embeddings"
                and value not in NAMED_EMBEDDINGS
                and (value[0] in "./\\~" or place.is_dir())
            )
        )
    except (OSError, RuntimeError, ValueError):  # no such home; characters that no path has
        return value
    return str(place) if is_path else value


_PATHS = {name for name in Settings.model_fields if setting_info(name).kind is Path}


def _as_settings_error(error: ValidationError, origins: Mapping[str, str]) -> SettingsError:
    """The first validation error as a ``SettingsError``."""
    fault = error.errors()[0]
    name = str(fault["loc"][0])
    # Where it stands, such as QA3_THRESHOLD or a path, is the same in every language.
    place = origins.get(name, "").partition(" ")[2]
    if fault["type"] == "extra_forbidden":
        if place:
            return SettingsError("settings.unknown", name=name, place=place)
        return SettingsError("settings.unknown_given", name=name)
    wanted, value = _wanted(name, fault), str(fault["input"])[:80]
    if place:
        return SettingsError(
            "settings.value_in", name=name, value=value, place=place, wanted=wanted
        )
    return SettingsError("settings.value", name=name, value=value, wanted=wanted)


def _wanted(name: str, fault: Any) -> str:
    """What a setting takes, in no language."""
    known = setting_info(name)
    if known.least is not None and known.most is not None:
        return f"{known.least:g} … {known.most:g}"
    if known.choices:
        return ", ".join(known.choices)
    if known.kind is bool:
        return "true, false"
    return expected(fault)
