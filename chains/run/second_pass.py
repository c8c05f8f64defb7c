"""Further passes: asks again about text that no pair draws on, until few new pairs come."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

from loaders.records import Chunk, Span
from pairs.evidence.coverage import coverage, worth_asking
from pairs.evidence.source_text import SourceText
from pairs.records import ChunkState, QAPair

from ..embedding.load import NamedEmbeddings
from ..events import Event
from .asker import Asker
from .assembly import Assembly
from .inputs import Inputs

log = logging.getLogger(__name__)

LEAST_GAIN = 0.5
"""New pairs per call that a pass must bring on average for another pass to follow."""
_WHOLE = ("pairs", "nothing")


def ask_again(
    asker: Asker,
    assembly: Assembly,
    inputs: Inputs,
    named: Future[NamedEmbeddings],
    *,
    passes: int,
    stop: threading.Event,
) -> Iterator[Event]:
    """Events of the passes after the first; there are none if the first was ended early.

    A failure in a later pass is recorded for its chunk, which keeps its pairs.

    Args:
        asker: Asks.
        assembly: Holds the list of the first pass; further outcomes are added to it.
        inputs: The inputs, read and split.
        named: The embedding that finds duplicates.
        passes: In all, the first counted.
        stop: Ends the run.

    Raises:
        SaidError: The journal cannot be written, or the vectors cannot be computed.
    """
    asked: set[tuple[int, str]] = set()
    for _ in range(1, passes):
        if stop.is_set() or "not asked" in assembly.states.values():
            return
        try:
            found = left_over(inputs, assembly.states, assembly.drawn_on())
        except Exception:  # an unexpected error costs the further passes, never the list
            log.exception("what is left over for another pass cannot be found")
            return
        again = {at: chunk for at, chunk in found.items() if (at, chunk.text) not in asked}
        if not again:
            return
        asked |= {(at, chunk.text) for at, chunk in again.items()}
        before = assembly.kept()
        assembly.expect(len(again))
        yield from asker.ask(again, named, again=True)
        if assembly.kept() - before < LEAST_GAIN * len(again):
            return


def left_over(
    inputs: Inputs, states: Mapping[int, ChunkState], pairs: Sequence[QAPair]
) -> dict[int, Chunk]:
    """The chunks worth another request, each with the passages that no pair draws on.

    Boilerplate is not, nor are failed chunks, which ``qa3 resume`` asks about.

    Args:
        inputs: What was asked about.
        states: How each chunk ended.
        pairs: The pairs so far with the duplicates of kept ones: text that those draw on is
            covered too.
    """
    file_of = {c.id: f for f, c in zip(inputs.file_of[::-1], inputs.chunks[::-1], strict=True)}
    by_file: dict[int, list[QAPair]] = {}
    for pair in pairs:
        by_file.setdefault(file_of[pair.chunk_id], []).append(pair)
    found: dict[int, Chunk] = {}
    chunks_of: dict[int, list[int]] = {}
    for at, place in enumerate(inputs.file_of):
        chunks_of.setdefault(place, []).append(at)
    for place, inside in chunks_of.items():
        chunks = [inputs.chunks[at] for at in inside]
        source = SourceText(inputs.files[place].text)
        starts = [first for first, _ in source.sentences]
        covered = coverage(source, by_file.get(place, ()), chunks)
        open_ = list(covered.uncovered)
        for at, chunk in zip(inside, chunks, strict=True):
            first = bisect_left(open_, chunk.span.start, key=lambda span: span.start)
            last = bisect_left(open_, chunk.span.end, key=lambda span: span.start)
            mine = covered.model_copy(update={"uncovered": tuple(open_[first:last])})
            if states[at] in _WHOLE and worth_asking(mine, chunk):
                del open_[first:last]  # text shared by two chunks is asked about once
                text = _passages(source, starts, mine.uncovered, chunk.span)
                found[at] = chunk.model_copy(update={"text": text, "before": ""})
    return dict(sorted(found.items()))


def _passages(
    source: SourceText, starts: Sequence[int], uncovered: Sequence[Span], within: Span
) -> str:
    """The text of uncovered sentences, each with the one before, which gives its context."""
    stretches: list[list[int]] = []
    for span in uncovered:
        at = bisect_right(starts, span.start) - 1
        before = starts[max(at - 1, 0)]
        begin = before if before >= within.start else span.start
        end = min(span.end, within.end)
        if stretches and begin <= stretches[-1][1] + 1:
            stretches[-1][1] = end
        else:
            stretches.append([begin, end])
    return "\n".join(source.text[begin:end].strip() for begin, end in stretches)
