"""The process that checks pairs and makes vectors: does what ``process.py`` asks for."""

from __future__ import annotations

import threading
import traceback
from typing import TYPE_CHECKING, Any, BinaryIO

from loaders.records import Chunk
from loaders.worker.service import Service, serve
from loaders.worker.wire import Message
from pairs.records import QAPair
from pairs.text.text_cache import clear_text_caches

from ...embedding.sentence_encoder import SentenceEncoder
from .records import File, packed, packed_vectors, packed_verdict, unpacked_vectors
from .rulings import Rules

if TYPE_CHECKING:
    import numpy as np


class _Checking(Service):
    """Does what is asked, one request after the other."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__(out)
        self._head: Message = {"job": 0, "n": 0}
        self._encoder = SentenceEncoder()
        self._threshold = 0.0
        self._rules = Rules("strict", "")
        self._file = File(0, "", ())
        self._known: Any = None
        self._items: list[tuple[int, QAPair]] = []
        self._vectors: list[np.ndarray] = []

    def say(self, **message: object) -> None:
        """Says something about the request that is answered."""
        super().say(**self._head, **message)

    def answer(self, message: Message) -> None:
        """Does what a request asks; an error of ours is told, and costs that request."""
        self._head = {"job": message["job"], "n": message.get("n", 0)}
        try:
            getattr(self, f"_{message['do']}")(message)
        except Exception as error:  # noqa: BLE001 - told, and what was asked is done elsewhere
            self.say(fault=type(error).__name__, trace=traceback.format_exc())
        self.say(done=True)

    def _stop(self, _message: Message) -> None:
        self._file = File(0, "", ())
        self._rules = Rules("strict", "")
        self._known, self._items, self._vectors = None, [], []
        clear_text_caches()

    def _begin(self, message: Message) -> None:
        """Another run, with its settings."""
        self._threshold = message["threshold"]
        near = self._likeness if message["encodes"] and self._threshold > 0 else None
        self._rules = Rules(message["policy"], message["example"], near)
        if message["encodes"]:  # beside the first calls
            threading.Thread(target=self._encoder.load, daemon=True).start()

    def _text(self, message: Message) -> None:
        """The file of the chunks that come next."""
        pages = [(int(start), int(page)) for start, page in message["pages"]]
        self._file = File(message["place"], message["text"], pages)

    def _check(self, message: Message) -> None:
        """Pairs of a chunk; says the rules' word on each."""
        chunk = Chunk.model_validate(message["chunk"])
        found = self._rules.rulings(chunk, [(q, a) for q, a in message["drafts"]], self._file)
        of = list(map(packed, found.of))
        self.say(rulings=of, chunk_fault=found.fault)

    def _encode(self, message: Message) -> None:
        """Texts; says their vectors."""
        self.say(**packed_vectors(self._encoder.encode(message["texts"])))

    def _words(self, message: Message) -> None:
        """Texts of documents whose pairs come next."""
        from pairs.compare.passages import Vocabulary

        if message["first"]:
            self._known, self._items, self._vectors = Vocabulary(), [], []
            # What comes now needs their memory; a run that goes on loads them again.
            self._file, self._encoder = File(0, "", ()), SentenceEncoder()
            self._rules.forget()
        for source, text in message["texts"]:
            self._known.read(source, text)

    def _pairs(self, message: Message) -> None:
        """Pairs to be compared, with the vectors of their questions."""
        self._items += [
            (place, QAPair.model_validate_json(pair)) for place, pair in message["pairs"]
        ]
        if message["vectors"]:
            self._vectors.append(unpacked_vectors(message))

    def _compare(self, message: Message) -> None:
        """Compares them; says which kept pair asks the same as each."""
        import numpy as np

        from pairs.compare.dedupe import Deduper

        deduper = Deduper(threshold=message["threshold"], words=self._known)
        questions = [pair.question for _, pair in self._items]
        rows = np.concatenate(self._vectors) if self._vectors else ()
        deduper.collect_placed(self._items, dict(zip(questions, rows, strict=bool(len(rows)))))
        self._known, self._items, self._vectors = None, [], []
        self.say(verdicts=[packed_verdict(*one) for one in deduper.verdicts()])

    def _likeness(self, one: str, other: str) -> float:
        first, second = self._encoder.encode([one, other])
        return float(first @ second) / self._threshold


def main() -> None:
    """Checks what the parent asks for until it has no more to ask."""
    serve(_Checking)
