"""Doubles that tests of several rooms use."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench.simulated import pairs_reply
from chains.run.judge import lists
from pairs.files.formats import FORMATS, Writer
from pairs.records import PairList, QAPair
from pairs.text.normalise import normalise

WAIT = 60.0
"""Seconds after which a test that waits for another thread has failed."""


class Gate:
    """Holds a simulated model's replies back until it is opened.

    Attributes:
        open: Set, every reply may go.
        reached: Released once for every request that came.
    """

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Semaphore(0)

    def __call__(self, messages: list[dict[str, str]]) -> str:
        """The reply, once it may go."""
        self.reached.release()
        assert self.open.wait(WAIT)
        return pairs_reply(messages)


class Planting:
    """Watches the pairs that are planted for a judge, in this process.

    A list is saved, sent and printed as JSON; a file of pairs is made by the writer of its format.

    Attributes:
        planted: The question and answer of each, normalised.
        leaked: Those that stood in a list or in a file.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.planted: set[tuple[str, str]] = set()
        self.leaked: list[QAPair] = []
        mix, dump = lists._with_planted, PairList.model_dump_json

        def planting(*given: Any) -> Any:
            items = mix(*given)
            self.planted |= {_words(one.question, one.answer) for one in items if one.planted}
            return items

        def dumping(result: PairList, **given: Any) -> str:
            self._look_at(pairs_of(result))
            return dump(result, **given)

        patch.setattr(lists, "_with_planted", planting)
        patch.setattr(PairList, "model_dump_json", dumping)
        for name, form in FORMATS.items():
            patch.setitem(FORMATS, name, replace(form, write=self._writing(form.write)))

    def _writing(self, write: Writer) -> Writer:
        def writing(pairs: Iterable[QAPair], system: str, bare: bool) -> Iterable[bytes]:
            return write(self._passing(pairs), system, bare)

        return writing

    def _passing(self, pairs: Iterable[QAPair]) -> Iterator[QAPair]:
        for pair in pairs:
            self._look_at([pair])
            yield pair

    def _look_at(self, pairs: Iterable[QAPair]) -> None:
        self.leaked += [one for one in pairs if _words(one.question, one.answer) in self.planted]


def pairs_of(result: PairList) -> list[QAPair]:
    """Every pair of a list, wherever it ended."""
    duplicates = [one.item for one in result.duplicates]
    return [*result.kept, *duplicates, *(one.item for one in result.rejected)]


def _words(question: str, answer: str) -> tuple[str, str]:
    return normalise(question), normalise(answer)
