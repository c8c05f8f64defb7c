"""``--stream``: pairs as JSON lines while they come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from chains import ChunkDone, Done, Event
from pairs import FORMATS

if TYPE_CHECKING:
    from pairs import QAPair


class PairLines:
    """Prints a line for each pair that is found, as a file in JSONL has it.

    A pair of the finished list that reads otherwise than it was printed is printed once more, under
    the same ``id``; one that is not in the list is taken back by a line ``{"withdrawn": id}``.
    """

    def __init__(self) -> None:
        self._printed: dict[str, str] = {}

    def show(self, event: Event) -> None:
        """Prints what an event brings."""
        if isinstance(event, ChunkDone):
            self._print(event.pairs)
        elif isinstance(event, Done):
            self._print(event.result.kept)
            kept = {pair.id for pair in event.result.kept}
            for id_ in self._printed:
                if id_ not in kept:
                    typer.echo(json.dumps({"withdrawn": id_}))

    def _print(self, pairs: Sequence[QAPair]) -> None:
        for pair in pairs:
            line = b"".join(FORMATS["jsonl"].write([pair], "", False)).decode("utf-8").rstrip("\n")
            if self._printed.get(pair.id) != line:
                self._printed[pair.id] = line
                typer.echo(line)
