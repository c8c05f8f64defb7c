"""A list under review: what the desk shows of it, and what a person's changes make of it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from loaders.records import Chunk, Span
from pairs.edits import Edit, apply_edits
from pairs.evidence.coverage import coverage
from pairs.evidence.source_text import SourceText
from pairs.records import Evidence, PairList, QAPair
from pairs.text.flat import flatten
from pairs.text.polarity import asks_yes_or_no
from pairs.text.question_words import asks_for
from pairs.viewer.content import Item, Placed, ordered_content
from pairs.viewer.documents import names, shown
from pairs.viewer.head import report
from pairs.viewer.places import Places, harmless
from pairs.viewer.statistics import Spent, spending, statistics

from ..errors import JournalError
from ..journal.documents import load_documents
from ..journal.edits import Change, Revision, edits, history, latest
from ..journal.jobs import ASIDE, Jobs
from ..journal.lists import everything, grounder, load_list, revise
from ..journal.replies import Journal
from ..records import Reply
from .report import view_facts, viewed_texts
from .suggestions import SuggestedPair

__all__ = ["Desk"]

_REVIEWED = {"kept": "accepted", "left out": "rejected", "duplicate": "accepted"}
_KINDS = {"how much": "how many", "long": "how many", "how or why": "how"}
_NAMED_KINDS = ("when", "where", "who", "why", "how many", "how")


class Desk:
    """A job's list as a person reviews it; thread-safe.

    Everything is kept ready in memory: the list as it was made, its texts, the evidence that was
    looked up. What others change in the journal is seen at the next call.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        language: ``en`` or ``zh``, of the reasons.

    Raises:
        JournalError: The job is unknown, or has no list yet.
    """

    def __init__(self, journal: Journal, job: str, language: str = "en") -> None:
        self.job = job
        self._journal = journal
        self._language = language
        self._lock = threading.Lock()
        self._made = load_list(journal, job, edited=False)
        self.texts = viewed_texts(journal, job)
        self.names = [harmless(name) for name in names([text.source for text in self.texts])]
        self._placed = Placed(self.texts)
        self._places = [Places(text.text) for text in self.texts]
        self._chunks = {chunk.id: chunk for text in self.texts for chunk in text.chunks}
        self._ground = _Remembered(journal, job)
        self._kinds: dict[str, str] = {}
        self._seen = -1  # the newest version that is laid over the list
        self._list = self._made
        self._items: dict[str, Item] = {}
        self._gone: dict[str, int] = {}
        with self._lock:
            self._catch_up()

    @property
    def pairs(self) -> PairList:
        """The list with everybody's edits."""
        return self._list

    def since(self, version: int) -> dict[str, Any]:
        """What changes above a version made of the list.

        Args:
            version: The newest that is known; 0 for every item.

        Returns:
            ``items`` that are not as they were, ``gone`` keys, and the ``version`` now.

        Raises:
            JournalError: The journal cannot be read.
        """
        with self._lock:
            self._catch_up()
            items = [one for one in self._items.values() if not version or one["changed"] > version]
            gone = [key for key, at in self._gone.items() if version and at > version]
            return {"items": items, "gone": sorted(gone), "version": self._seen}

    def revise(self, changes: Iterable[Change], who: str = "") -> dict[str, Any]:
        """The ``versions`` of the changed pairs, and the changes that were ``refused``.

        The changes are stored then; what they make of the list is found by ``since``, once for all
        that came meanwhile.

        Args:
            changes: Their places are counted as in the text, not as by a browser.
            who: Who makes them.

        Raises:
            JournalError: As ``revise`` of a list.
        """
        known = {item["pair"] for item in self._items.values() if "pair" in item}
        done = revise(self._journal, self.job, changes, who, known=known)
        return {
            "refused": [_as_told(one) for one in done if one.refused],
            "versions": {one.pair: one.version for one in done},
        }

    def history(self, pair: str) -> list[dict[str, Any]]:
        """Who changed a pair, when, and to what; the earliest first.

        Raises:
            JournalError: The journal cannot be read.
        """
        return [_as_told(one) for one in history(self._journal, self.job, pair)]

    def text(self, document: int) -> str:
        """A document's text as a browser may show it, character for character."""
        return harmless(self.texts[document].text)

    def span(self, document: int, start: int, end: int) -> Span:
        """A place that a browser counted, in characters of the text.

        Raises:
            JournalError: There is no such place.
        """
        if not 0 <= document < len(self.texts):
            raise JournalError("desk.no_place")
        back = self._places[document].back
        first, last = back(start), back(end)
        if not 0 <= first < last <= len(self.texts[document].text):
            raise JournalError("desk.no_place")
        return Span(start=first, end=last)

    def file(self, document: int) -> tuple[str, str]:
        """The path of a document as it was given, and the SHA-256 of the file then.

        Raises:
            JournalError: The journal cannot be read.
        """
        source = self.texts[document].source
        files, _ = load_documents(self._journal, self.job)
        return source, next(file.sha256 for file in files if file.source == source)

    def passages(self, pair: str) -> list[str]:
        """What proves a pair, as the text has it; empty for an unknown one.

        Args:
            pair: Its id.
        """
        found = (one for one in everything(self._list) if one.id == pair)
        evidence = next((one.evidence for one in found), None)
        if evidence is None or evidence.span is None:
            return []
        return [text for text in (evidence.quote, evidence.sentence) if text][:1]

    def suggested(self, source: str, pair: SuggestedPair) -> dict[str, Any]:
        """A pair that a model suggests, with the place that proves it as a browser counts it."""
        told: dict[str, Any] = {"question": pair.question, "answer": pair.answer}
        document = self._placed.document.get(source)
        span = pair.evidence.span
        if document is not None and span is not None:
            place = self._places[document]
            told["marked"] = [document, place(span.start), place(span.end)]
        return told

    def uncovered(self, document: int) -> list[list[int]]:
        """The places of a document on which no kept pair draws, as a browser counts them."""
        text = self.texts[document]
        kept = [one for one in self._list.kept if one.source == text.source]
        within = [one for one in kept if _is_within(one, len(text.text))]
        place = self._places[document]
        covered = coverage(SourceText(text.text), within, text.chunks)
        return [[place(span.start), place(span.end)] for span in covered.uncovered]

    def kept(self, *, accepted: bool = False) -> list[QAPair]:
        """The pairs of the list.

        Args:
            accepted: Only those that a person accepted.
        """
        if not accepted:
            return list(self._list.kept)
        fates = {edit.pair: edit.fate for edit in edits(self._journal, self.job)}
        return [pair for pair in self._list.kept if fates.get(pair.id) == "kept"]

    def report(self) -> str:
        """The run's report and the statistics of the review, as HTML with every text escaped."""
        with self._lock:
            pairs, items = self._list, list(self._items.values())
        job, language = Jobs(self._journal).find(self.job), self._language
        facts = view_facts(job, pairs, language)
        return "\n".join(
            [
                report(pairs, shown(self.texts, pairs.kept), language, facts),
                spending(self._spent(), job.backend.get("price"), language),
                statistics(items, self.names, language),
            ]
        )

    def _spent(self) -> Iterator[Spent]:
        """What each reply about the job's chunks took."""
        query = (
            "SELECT created, reply FROM replies WHERE chunk_id IN"
            " (SELECT chunk_id FROM chunks WHERE job = ?1"
            " UNION SELECT chunk_id || ?2 FROM chunks WHERE job = ?1)"
        )
        for created, reply in self._journal.rows(query, self.job, ASIDE):
            read = Reply.model_validate_json(reply)
            yield Spent(created, read.prompt_tokens, read.completion_tokens)

    def _catch_up(self) -> None:
        """Lays over the list what has been changed since the last call."""
        newest = _newest(self._journal, self.job)
        if newest == self._seen:
            return
        changes = edits(self._journal, self.job)
        self._list = apply_edits(self._made, changes, self._ground)
        wanted = {edit.pair: edit for edit in changes}
        items = self._itemised(wanted, latest(self._journal, self.job))
        before, self._items = self._items, items
        for key, item in items.items():
            old = before.get(key)
            item["changed"] = newest if old is None or _differs(old, item) else old["changed"]
        self._gone |= dict.fromkeys(before.keys() - items.keys(), newest)
        self._gone = {key: at for key, at in self._gone.items() if key not in items}
        self._seen = newest

    def _itemised(
        self, wanted: Mapping[str, Edit], newest: Mapping[str, Revision]
    ) -> dict[str, Item]:
        """The items by their keys: a pair's id, made unlike where several have it."""
        items: dict[str, Item] = {}
        keys: list[str] = []
        kept = {pair.id for pair in self._list.kept}
        for order, pair, item in ordered_content(self._list, self._placed, self._language):
            key = pair.id if pair and pair.id else f"at{'-'.join(map(str, order))}"
            if item["state"] != "kept" and key in kept:
                key += "+"  # the same words again: the id is the kept pair's
            while key in items:
                key += "+"
            keys.append(key)
            items[key] = {**item, "key": key, "at": list(order)}
            if pair is not None:
                items[key] |= self._of_pair(pair, item)
            if pair is not None and key == pair.id:
                items[key]["pair"] = pair.id
                items[key] |= _reviewed(wanted.get(pair.id), newest.get(pair.id))
        for item in items.values():
            if "same" in item:
                item["same"] = keys[item["same"]]
            if "differs" in item:
                item["differs"] = [keys[other] for other in item["differs"]]
        return items

    def _of_pair(self, pair: QAPair, item: Item) -> Item:
        """What the desk knows of a pair beside what the report shows."""
        more: Item = {"kind": self._kind(pair), "headings": self._headings(pair)}
        if pair.evidence.sentence and "span" not in item:
            more["quote"] = harmless(pair.evidence.sentence[:_LONGEST])
        return {**more, "written": True} if pair.written else more

    def _headings(self, pair: QAPair) -> str:
        chunk: Chunk | None = self._chunks.get(pair.chunk_id)
        return harmless(" › ".join(chunk.headings)) if chunk else ""

    def _kind(self, pair: QAPair) -> str:
        """What a question asks for: when, where, who, why, how many, how, yes or no, or what."""
        found = self._kinds.get(pair.question)
        if found is None:
            asked = {kind.partition(":")[0] for kind in asks_for(flatten(pair.question))}
            asked = {_KINDS.get(kind, kind) for kind in asked}
            found = next((kind for kind in _NAMED_KINDS if kind in asked), "")
            found = found or ("yes or no" if asks_yes_or_no(pair.question) else "what")
            self._kinds[pair.question] = found
        return found


_LONGEST = 500
"""Characters shown of a passage whose place is not known."""


class _Remembered:
    """Finds evidence, each pair's once."""

    def __init__(self, journal: Journal, job: str) -> None:
        self._ground = grounder(journal, job)
        self._found: dict[tuple[str, str, str, Span | None], Evidence] = {}

    def __call__(self, pair: QAPair, place: Span | None) -> Evidence:
        key = (pair.id, pair.question, pair.answer, place)
        if key not in self._found:
            self._found[key] = self._ground(pair, place)
        return self._found[key]


def new_pair_id() -> str:
    """An id for a pair that a person writes: 12 hex digits."""
    return secrets.token_hex(6)


def _newest(journal: Journal, job: str) -> int:
    """The newest version of a job's edits; grows too where another version of qa3 edits."""
    query = (
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM revisions WHERE job = ?1),"
        " (SELECT COUNT(*) FROM jobs WHERE id = ?1)"
    )
    ((newest, known),) = journal.rows(query, job)
    if not known:
        raise JournalError("job.unknown", job=job)
    return int(newest)


def _reviewed(edit: Edit | None, newest: Revision | None) -> Item:
    """What a person did with a pair."""
    told: Item = {"version": newest.version if newest else 0}
    if edit is not None:
        told["edit"] = edit.model_dump(mode="json", exclude_none=True, exclude={"pair"})
        if edit.fate:
            told["review"] = _REVIEWED[edit.fate]
    if newest is not None:
        told |= {"who": harmless(newest.who), "when": newest.made}
    return told


def _as_told(revision: Revision) -> dict[str, Any]:
    told = revision.model_dump(mode="json")
    if revision.edit is not None:
        told["edit"] = revision.edit.model_dump(mode="json", exclude_none=True, exclude={"pair"})
    return told


def _differs(old: Item, new: Item) -> bool:
    return {**old, "changed": 0} != {**new, "changed": 0}


def _is_within(pair: QAPair, size: int) -> bool:
    span = pair.evidence.span
    return span is None or span.end <= size
