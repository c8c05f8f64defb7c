"""The settings as keywords, for editors and type checkers: what ``Settings`` takes, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypedDict


class SettingValues(TypedDict, total=False):
    """Every field of ``Settings`` as a keyword; None leaves it to where it comes from otherwise.

    ``docs/settings.md`` says what each is for. A path may be given as a text, and a list of words
    as a list.
    """

    backend: str | None
    base_url: str | None
    model: str | None
    prompt: str | None
    prompt_text: str | dict[Literal["zh", "en"], str] | None
    language: Literal["auto", "zh", "en"] | None
    density: Literal["few", "normal", "all"] | None
    answers: Literal["auto", "short", "full"] | None
    kinds: str | Sequence[str] | None
    examples: str | Path | None
    example_pairs: str | None
    prompt_version: int | None
    temperature: float | None
    max_tokens: int | None
    concurrency: int | None
    timeout: float | None
    retry_seconds: float | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    max_calls: int | None
    max_tokens_total: int | None
    chunk_size: int | None
    overlap: int | None
    include: str | Sequence[str] | None
    embeddings: str | None
    embedding_backend: Literal["auto", "torch", "openvino"] | None
    keep_reasoning: bool | None
    passes: int | None
    check: Literal["all", "open", "off"] | None
    judge: str | None
    threshold: float | None
    processes: int | None
    evidence: Literal["strict", "keep"] | None
    journal: str | Path | None
    ray: str | None
