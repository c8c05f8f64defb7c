"""The JSON data that the page's script reads: documents and pairs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from loaders.records import Span

from ..records import PairList, QAPair
from .documents import Shown
from .marks import marks
from .places import Places, harmless
from .records import ViewedText

__all__ = ["Item", "Placed", "as_script", "list_content", "ordered_content", "text_content"]

# What would end the script's element, or the line in an older reader of JSON.
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}

_LONGEST_QUOTE = 500

Item = dict[str, Any]


def as_script(content: object) -> str:
    """JSON that is safe inside a script element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPED)


def text_content(document: Shown) -> Item:
    """A document's text with its highlighted spans, in UTF-16 offsets."""
    place = Places(document.text)
    marked = marks(document.proofs, document.covered.uncovered)
    return {
        "name": harmless(document.name),
        "text": harmless(document.text),
        "marks": [[place(start), place(end), kind] for start, end, kind in marked],
    }


def list_content(pairs: PairList, texts: Sequence[ViewedText], language: str) -> list[Item]:
    """Every pair and every chunk without an answer, in the order of review.

    Doubtful pairs come first; all else follows in the order of the documents.

    Args:
        pairs: The list.
        texts: Of its documents.
        language: Of the reasons.
    """
    return [item for _, _, item in ordered_content(pairs, Placed(texts), language)]


def ordered_content(
    pairs: PairList, placed: Placed, language: str
) -> list[tuple[tuple[int, int, int], QAPair | None, Item]]:
    """As ``list_content``; each item with its place in the documents and its pair.

    Args:
        pairs: The list.
        placed: Of its documents.
        language: Of the reasons.
    """
    document = placed.document
    begins = {chunk.chunk_id: chunk.span.start for chunk in pairs.chunks}
    found: list[tuple[tuple[int, int, int], QAPair | None, Item, QAPair | None]] = []
    for pair, item, other in _pairs(pairs, language):
        item.update(placed.pair(pair))
        span = pair.evidence.span
        at = begins.get(pair.chunk_id, 0)
        order = (document.get(pair.source, len(document)), at, span.start if span else at)
        found.append((order, pair, item, other))
    for order, item in _chunks(pairs, placed, document, language):
        found.append((order, None, item, None))
    found.sort(key=lambda one: ("doubtful" not in one[2], one[0]))
    place = {
        _known(pair): at for at, (_, pair, item, _) in enumerate(found) if pair and _is_kept(item)
    }
    for _, _, item, other in found:
        if other is not None and _known(other) in place:
            item["same"] = place[_known(other)]
    _add_conflicts(pairs, place, [item for _, _, item, _ in found])
    return [(order, pair, item) for order, pair, item, _ in found]


def _known(pair: QAPair) -> object:
    """What a pair is known by; lists of the first versions have no ids."""
    return pair.id or pair


def _is_kept(item: Item) -> bool:
    return bool(item["state"] == "kept")


def _pairs(pairs: PairList, language: str) -> Iterator[tuple[QAPair, Item, QAPair | None]]:
    """Each pair with its state, and the kept one that stands for it."""
    for pair in pairs.kept:
        yield pair, {"state": "kept", **({"doubtful": True} if pair.doubtful else {})}, None
    for one in pairs.duplicates:
        yield one.item, {"state": "duplicate"}, one.duplicate_of
    for out in pairs.rejected:
        yield out.item, {"state": "rejected", "reason": harmless(out.reason.say(language))}, None


def _chunks(
    pairs: PairList, placed: Placed, document: dict[str, int], language: str
) -> Iterator[tuple[tuple[int, int, int], Item]]:
    for chunk in pairs.chunks:
        if chunk.state not in ("failed", "not asked"):
            continue
        item: Item = {"state": chunk.state, **placed.place(chunk.source, chunk.span)}
        if chunk.reason:
            item["reason"] = harmless(chunk.reason.say(language))
        if chunk.raw:
            item["raw"] = harmless(chunk.raw)
        at = document.get(chunk.source, len(document))
        yield (at, chunk.span.start, chunk.span.start), item


def _add_conflicts(pairs: PairList, place: dict[object, int], items: list[Item]) -> None:
    for one in pairs.conflicts:
        item, other = place.get(_known(one.item)), place.get(_known(one.conflicts_with))
        if item is not None and other is not None:
            items[item].setdefault("differs", []).append(other)
            items[other].setdefault("differs", []).append(item)


class Placed:
    """How pairs and places stand in the page.

    Args:
        texts: Of its documents.
    """

    def __init__(self, texts: Sequence[ViewedText]) -> None:
        self._texts = texts
        self.document = {text.source: at for at, text in enumerate(texts)}
        self._places = [Places(text.text) for text in texts]
        self._made: dict[int, tuple[QAPair, Item]] = {}

    def pair(self, pair: QAPair) -> Item:
        """What a card shows of a pair; what is as usual is left out. Made once a pair."""
        known = self._made.get(id(pair))
        if known is None:  # it stays alive with its item, so that nothing else gets its identity
            known = self._made[id(pair)] = (pair, self._item(pair))
        return known[1]

    def _item(self, pair: QAPair) -> Item:
        evidence = pair.evidence
        item: Item = {
            "question": harmless(pair.question),
            "answer": harmless(pair.answer),
            "match": evidence.match,
            **self.place(pair.source, evidence.span),
            **_judgement(pair),
        }
        if pair.page:
            item["page"] = pair.page
        if evidence.match in ("fuzzy", "supported"):
            item["score"] = round(evidence.score, 2)
        if not evidence.numbers_ok:
            item["numbers"] = False
        if pair.edited:
            item["edited"] = True
        if evidence.header:
            item["header"] = harmless(evidence.header)
        if "span" not in item and evidence.quote:
            item["quote"] = harmless(evidence.quote)
        elif "span" in item and evidence.more:
            item.update(self._further(item["document"], evidence.more))
        return item

    def _further(self, document: int, spans: Sequence[Span]) -> Item:
        """The further places of a pair's evidence, and their texts."""
        text, place = self._texts[document].text, self._places[document]
        within = [span for span in spans if span.end <= len(text)]
        return {
            "more": [[place(span.start), place(span.end)] for span in within],
            "quotes": [harmless(text[span.start : span.end][:_LONGEST_QUOTE]) for span in within],
        }

    def place(self, source: str, span: Span | None) -> Item:
        """The document's number and the place in it, or its name where its text is not here."""
        at = self.document.get(source)
        if at is None:
            return {"source": harmless(Path(source).name)}
        if span is None or span.end > len(self._texts[at].text):
            return {"document": at}
        place = self._places[at]
        return {"document": at, "span": [place(span.start), place(span.end)]}


def _judgement(pair: QAPair) -> Item:
    """What rules and model say of a pair."""
    item: Item = {}
    if pair.verdict and pair.verdict != "proven":
        item["verdict"] = pair.verdict
    if pair.verified is not None:
        item["verified"] = pair.verified
    if pair.objection:
        item["objection"] = harmless(pair.objection)
    if pair.answer_again and not pair.verified:
        item["again"] = harmless(pair.answer_again)
    return item
