"""Ready-made tables of known providers and servers, to be written into a settings file.

``providers.json`` holds what their public documentation says, with sources and the date it was
read; what is not known is left out. ``docs/backends.md`` shows the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

PLACEHOLDER = "YOUR-"
"""Begins what only the user knows, in a model's name or an address."""


class Provider(BaseModel):
    """What is publicly known of a provider, or of a server that anybody may run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    base_url: str
    api_key_env: str | None = None
    model: str
    context: int | None = Field(None, description="tokens of prompt and reply together")
    reply: int | None = Field(None, description="tokens of the longest reply")
    price: tuple[float, float] | None = Field(
        None, description="of a million prompt tokens and of a million reply tokens"
    )
    currency: str | None = None
    extra_body: dict[str, Any] = Field(default_factory=dict)
    sources: tuple[str, ...]
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d$", description="of what the sources said")

    @property
    def local(self) -> bool:
        """Whether it is a server on the user's own machine."""
        return "//127.0.0.1" in self.base_url

    def table(self) -> dict[str, Any]:
        """The fields of its table ``[backends.NAME]``: what is known, and sizes that fit it."""
        known = {
            "base_url": self.base_url,
            "api_key_env": self.api_key_env,
            "model": self.model,
            "prompt": "gpt-3.5",
            "concurrency": 4 if self.local else 8,
            "context": self.context,
            "max_tokens": 1024 if self.local else min(2048, self.reply or 2048),
            "chunk_size": 800 if self.local else 1200,
            "price": list(self.price) if self.price else None,
            "extra_body": self.extra_body or None,
        }
        return {name: value for name, value in known.items() if value is not None}


def _load() -> dict[str, Provider]:
    file = Path(__file__).with_name("providers.json")
    rows = json.loads(file.read_text(encoding="utf-8"))
    return {name: Provider.model_validate(row) for name, row in rows.items()}


PROVIDERS = _load()


def as_toml(name: str, table: Mapping[str, Any]) -> str:
    """A settings file that makes a backend the one in use, in ASCII alone.

    A shell may write what it is given in any encoding, and ASCII is the same in all but UTF-16.

    Args:
        name: The backend's name.
        table: Its fields.
    """
    lines = [f"backend = {_toml(name)}", "", f"[backends.{_toml(name)}]"]
    known = PROVIDERS.get(name)
    if known is not None:
        lines.insert(0, f"# {known.title}, {known.date}: {' '.join(known.sources)}")
    for key, value in table.items():
        per = f"  # {known.currency}" if known and key == "price" and known.currency else ""
        lines.append(f"{key} = {_toml(value)}{per}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A value in TOML, which writes all but tables as JSON does."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)
