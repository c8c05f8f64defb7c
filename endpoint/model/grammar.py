"""Answers that are JSON of a schema: which ids may come next, by llguidance.

llguidance is optional; without it ``Grammar.usable`` is False and such answers are refused.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import EndpointError
from .dialogue_format import ChatTokenizer
from .fast_tokenizer import tokenizer_json

if TYPE_CHECKING:
    import numpy as np
    from llguidance import LLMatcher, LLTokenizer

# Blanks of any length between the parts of a JSON text would be all that a weak model writes.
COMPACT: dict[str, Any] = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
}

_SECONDS = 10.0  # an honest schema is prepared in a fraction of one
_TRY = """
import json, sys
from llguidance import LLMatcher
schema, overrides = json.load(sys.stdin)
try:
    text = LLMatcher.grammar_from_json_schema(schema, overrides=overrides)
    print(LLMatcher.validate_grammar(text))
except ValueError as error:
    print(error)
"""


class Grammar:
    """The vocabulary as llguidance knows it, made on first use.

    Args:
        tokenizer: The model's.
        rows: Of the model's embedding.
    """

    def __init__(self, tokenizer: ChatTokenizer, rows: int) -> None:
        self._tokenizer = tokenizer
        self._rows = rows
        self._lock = threading.Lock()
        self.usable = find_spec("llguidance") is not None

    def guide(self, schema: str) -> Guide:
        """A guide of one answer.

        Args:
            schema: A JSON schema, as JSON.

        Raises:
            EndpointError: The schema is none, or more than the library can follow.
        """
        from llguidance import LLMatcher

        check_schema(schema)
        with self._lock:
            vocabulary = self._vocabulary
        try:
            text = LLMatcher.grammar_from_json_schema(schema, overrides=COMPACT)  # type: ignore[arg-type]  # a TypedDict
            matcher = LLMatcher(vocabulary, text)
        except ValueError as error:
            raise bad_schema(error) from error
        if matcher.is_error():
            raise bad_schema(matcher.get_error())
        return Guide(matcher, self._rows)

    @cached_property
    def _vocabulary(self) -> LLTokenizer:
        from llguidance import LLTokenizer

        content = tokenizer_json(self._tokenizer, self._rows)
        return LLTokenizer(content, n_vocab=self._rows, eos_token=sorted(self._tokenizer.end_ids))


def compact_schema(schema: str) -> dict[str, Any]:
    """A schema for llama.cpp: the same, and where llguidance is built into it, without more blanks.

    Args:
        schema: A JSON schema, as JSON.

    Raises:
        EndpointError: The schema is none; found only where llguidance is installed here too.
    """
    read: dict[str, Any] = json.loads(schema)
    if find_spec("llguidance") is not None:
        check_schema(schema)
    return {**read, "x-guidance": COMPACT}


def check_schema(schema: str) -> None:
    """Tries to prepare a schema in another process, since a few lines of one may take for ever.

    Args:
        schema: A JSON schema, as JSON.

    Raises:
        EndpointError: It is none, is more than the library can follow, or takes too long.
    """
    if error := _fault_of(schema):
        raise bad_schema(error)


@lru_cache(maxsize=256)
def _fault_of(schema: str) -> str:
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _TRY],
            input=json.dumps([schema, COMPACT]).encode(),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"> {_SECONDS:g} s"
    return tried.stdout.decode("utf-8", "replace").strip() if not tried.returncode else "?"


def bad_schema(reason: object) -> EndpointError:
    """The error of a schema that cannot be followed.

    Args:
        reason: Of the library; its first line is shown.
    """
    line = str(reason).strip().partition("\n")[0][:200]
    return EndpointError("endpoint.bad_schema", name="response_format", reason=line)


class Guide:
    """Follows one answer; for one request.

    Args:
        matcher: At its beginning.
        rows: Of the vocabulary.
    """

    def __init__(self, matcher: LLMatcher, rows: int) -> None:
        self._matcher = matcher
        self._rows = rows
        self._seen = 0

    def allowed(self, made: Sequence[int]) -> np.ndarray[Any, Any]:
        """Whether each id of the vocabulary may come next.

        Args:
            made: The ids of the answer so far; each call has those of the last one and more.
        """
        import numpy as np

        self._matcher.consume_tokens(list(made[self._seen :]))
        self._seen = len(made)
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        return np.unpackbits(bits, count=self._rows, bitorder="little").astype(bool)


def any_object() -> str:
    """The schema of any JSON object."""
    return json.dumps({"type": "object"})
