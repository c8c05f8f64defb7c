"""The three ways in which LangServe streams a run: its chunks, LangChain's run log, its events."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, Field

from serving import sse_event

RUN_NAME = "/pairs"  # LangServe calls a run by its path
_RUN_TYPE = "chain"


class Stream(Protocol):
    """Turns the chunks of a run into server-sent events."""

    def begin(self) -> Iterator[str]:
        """Yields what comes before the first chunk."""
        ...

    def chunk(self, chunk: str) -> Iterator[str]:
        """Yields the events for a chunk.

        Args:
            chunk: A JSON object.
        """
        ...

    def end(self, output: str) -> Iterator[str]:
        """Yields what comes after the last chunk.

        Args:
            output: The whole output as a JSON object.
        """
        ...


class Metadata(BaseModel):
    """Metadata that LangServe's clients expect beside an output."""

    run_id: uuid.UUID
    feedback_tokens: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Chunks:
    """The chunks themselves, as ``RemoteRunnable.stream`` reads them."""

    run_id: uuid.UUID

    def begin(self) -> Iterator[str]:
        """Yields the metadata."""
        yield sse_event(Metadata(run_id=self.run_id).model_dump_json(), "metadata")

    def chunk(self, chunk: str) -> Iterator[str]:
        """Yields the chunk."""
        yield sse_event(chunk, "data")

    def end(self, output: str) -> Iterator[str]:  # noqa: ARG002 - the last chunk has it
        """Yields the end."""
        yield sse_event(name="end")


@dataclass(frozen=True)
class RunLog:
    """LangChain's run log as JSON patches, for ``RemoteRunnable.astream_log``."""

    run_id: uuid.UUID

    def begin(self) -> Iterator[str]:
        """Yields the empty state."""
        state: dict[str, Any] = {
            "id": str(self.run_id), "name": RUN_NAME, "type": _RUN_TYPE, "streamed_output": [],
            "final_output": None, "logs": {},
        }  # fmt: skip
        yield self._patch("replace", "", json.dumps(state))

    def chunk(self, chunk: str) -> Iterator[str]:
        """Yields the chunk's addition to the streamed output."""
        yield self._patch("add", "/streamed_output/-", chunk)

    def end(self, output: str) -> Iterator[str]:
        """Yields the final output and the end."""
        yield self._patch("replace", "/final_output", output)
        yield sse_event(name="end")

    @staticmethod
    def _patch(op: str, path: str, value: str) -> str:
        return sse_event(f'{{"ops":[{{"op":"{op}","path":"{path}","value":{value}}}]}}', "data")


class EventFilter(BaseModel):
    """Which runs' events a client wants; None for no such condition."""

    include_names: Sequence[str] | None = None
    include_types: Sequence[str] | None = None
    include_tags: Sequence[str] | None = None
    exclude_names: Sequence[str] | None = None
    exclude_types: Sequence[str] | None = None
    exclude_tags: Sequence[str] | None = None

    def takes_the_run(self) -> bool:
        """Whether the events of the one run there is here, which has no tags, are wanted."""
        includes = (self.include_names, self.include_types, self.include_tags)
        everything = all(one is None for one in includes)
        named = RUN_NAME in (self.include_names or ()) or _RUN_TYPE in (self.include_types or ())
        left_out = RUN_NAME in (self.exclude_names or ()) or _RUN_TYPE in (self.exclude_types or ())
        return (everything or named) and not left_out


@dataclass(frozen=True)
class RunEvents:
    """LangChain's events of version 2, for ``RemoteRunnable.astream_events``.

    Attributes:
        run_id: The run.
        given: Its input.
        wanted: Whether the client wants the run's events.
    """

    run_id: uuid.UUID
    given: Any
    wanted: bool

    def begin(self) -> Iterator[str]:
        """Yields the start."""
        yield from self._event("start", "input", json.dumps(self.given, ensure_ascii=False))

    def chunk(self, chunk: str) -> Iterator[str]:
        """Yields the chunk."""
        yield from self._event("stream", "chunk", chunk)

    def end(self, output: str) -> Iterator[str]:
        """Yields the end of the run and of the stream."""
        yield from self._event("end", "output", output)
        yield sse_event(name="end")

    def _event(self, name: str, what: str, value: str) -> Iterator[str]:
        told = {
            "event": f"on_{_RUN_TYPE}_{name}", "name": RUN_NAME, "run_id": str(self.run_id),
            "tags": [], "metadata": {}, "parent_ids": [],
        }  # fmt: skip
        if self.wanted:
            yield sse_event(f'{json.dumps(told)[:-1]},"data":{{"{what}":{value}}}}}', "data")
