"""Lists of ended jobs, with the edits that a user made to them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress

from pydantic import ValidationError

from loaders.records import Chunk, Span
from pairs.edits import Edit, Ground, apply_edits
from pairs.records import Evidence, PairList, QAPair

from ..errors import JournalError
from ..records import SourceFile
from .documents import load_documents
from .edits import Change, Revision, edits, record, standing
from .jobs import Jobs
from .list_files import clear_shards, packed_list, unpacked_list
from .replies import Journal
from .so_far import forget_so_far


def save_list(journal: Journal, job: str, pairs: PairList) -> None:
    """Saves the list a job ended with, in place of an earlier one.

    Raises:
        JournalError: The journal cannot be written.
    """
    packed = packed_list(journal.path, job, pairs)
    with journal.writing() as db:
        # A job deleted meanwhile gets no list.
        db.execute(
            "INSERT OR REPLACE INTO lists SELECT id, ? FROM jobs WHERE id = ?", (packed, job)
        )
        forget_so_far(db, job)
    clear_shards(journal.path, job, packed)


def has_list(journal: Journal, job: str) -> bool:
    """Whether a job has a list.

    Args:
        journal: The journal that holds the job.
        job: The whole id.

    Raises:
        JournalError: The journal cannot be read.
    """
    return bool(journal.rows("SELECT 1 FROM lists WHERE job = ?", job))


def load_list(journal: Journal, job: str, *, edited: bool = True) -> PairList:
    """The list a job last ended with.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        edited: Whether the user's edits are applied; False for the list as it was made.

    Raises:
        JournalError: The job is unknown, has not ended yet, or was written by another version; or
            a file of a long list is missing or damaged.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> with Journal() as journal:
        ...     load_list(journal, Jobs(journal).all()[0].id).kept == pairs.kept
        True
    """
    rows = journal.rows("SELECT list FROM lists WHERE job = ?", job)
    if not rows:
        Jobs(journal).find(job)
        raise JournalError("job.no_list", job=job)
    try:
        pairs = unpacked_list(journal.path, rows[0][0])
    except (ValidationError, TypeError, zlib.error) as error:
        raise JournalError("job.other_version", job=job) from error
    return with_edits(journal, job, pairs) if edited else pairs


def with_edits(journal: Journal, job: str, pairs: PairList) -> PairList:
    """A job's list with the user's edits applied: what every door shows and writes.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        pairs: As the run made it.

    Raises:
        JournalError: The journal cannot be read.
    """
    changes = edits(journal, job)
    return apply_edits(pairs, changes, grounder(journal, job)) if changes else pairs


def adopt_edits(journal: Journal, job: str, pairs: PairList) -> int:
    """The number of edits taken over from other jobs on documents of the same names.

    An edit counts for a pair with the same words from the same sentence, so that a document that
    was changed elsewhere keeps its corrections. Pairs of an earlier list of the job get none:
    whoever undid an edit there meant it.

    Args:
        journal: The journal that holds the jobs.
        job: The whole id.
        pairs: The list the run has made, not saved yet.

    Raises:
        JournalError: The journal cannot be read or written.
    """
    others = journal.rows(
        "SELECT job FROM edits WHERE job != ?1 AND job IN (SELECT job FROM files WHERE source IN"
        " (SELECT source FROM files WHERE job = ?1)) GROUP BY job ORDER BY MAX(made)",
        job,
    )
    made: dict[tuple[str, ...], Edit] = {}
    written: dict[str, Edit] = {}
    for (other,) in others:
        with suppress(JournalError):  # it has no list, or one of another version
            of_pair = {edit.pair: edit for edit in edits(journal, other)}
            written |= {one.pair: one for one in _written_again(journal, other, job, of_pair)}
            for pair in everything(load_list(journal, other, edited=False)):
                if pair.id in of_pair:
                    made[_words(pair)] = of_pair[pair.id]
    if not made and not written:
        return 0
    known: set[str] = set()
    if has_list(journal, job):
        known = {pair.id for pair in everything(load_list(journal, job, edited=False))}
    adopted = list(written.values())
    adopted += [
        edit.model_copy(update={"pair": pair.id})
        for pair in everything(
            pairs
        )  # the kept ones first: of pairs that say the same one is meant
        if pair.id and pair.id not in known and (edit := made.pop(_words(pair), None))
    ]
    with journal.writing() as db:
        for edit in adopted:
            if standing(db, job, edit.pair).edit is None:
                record(db, job, edit.pair, edit)
    return len(adopted)


def _written_again(
    journal: Journal, other: str, job: str, of_pair: Mapping[str, Edit]
) -> Iterator[Edit]:
    """The pairs that a person wrote in another job, where their passage stands in this one, too."""
    written = [edit for edit in of_pair.values() if edit.source and edit.place]
    if not written:
        return
    before, now = (
        {file.source: file.text for file in load_documents(journal, one)[0]} for one in (other, job)
    )
    for edit in written:
        start, end = edit.place.start, edit.place.end  # type: ignore[union-attr]  # they have one
        passage = before.get(edit.source or "", "")[start:end]
        at = now.get(edit.source or "", "").find(passage) if passage else -1
        if at >= 0:
            yield edit.model_copy(update={"place": Span(start=at, end=at + len(passage))})


def _words(pair: QAPair) -> tuple[str, ...]:
    """What a pair is known by in another job."""
    return pair.source, pair.evidence.sentence, pair.question, pair.answer


def everything(pairs: PairList) -> Iterator[QAPair]:
    """Every pair of a list: the kept ones, the duplicates, the rejected ones."""
    yield from pairs.kept
    yield from (one.item for one in pairs.duplicates)
    yield from (one.item for one in pairs.rejected)


def revise(
    journal: Journal,
    job: str,
    changes: Iterable[Change],
    who: str = "",
    known: Container[str] | None = None,
) -> list[Revision]:
    """What stands of each pair after the changes, all of them stored at once.

    A change that was made in sight of an older version than the one that stands is refused, and
    what stands is returned; nobody's work is overwritten unseen.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        changes: In their order.
        who: Who makes them.
        known: Ids of the list's pairs; None to load the list and see.

    Raises:
        JournalError: The list has no such pair, a text is blank, a pair is to repeat itself, or
            the job was deleted; nothing is stored then.
    """
    wanted = list(changes)
    if known is None:
        known = _known(journal, job)
    for change in wanted:
        _check(job, change, known)
    revisions = []
    with journal.writing() as db:
        if not db.execute("SELECT 1 FROM jobs WHERE id = ?", (job,)).fetchone():
            raise JournalError("job.unknown", job=job)
        for change in wanted:
            now = standing(db, job, change.pair)
            if change.saw is not None and change.saw != now.version:
                revisions.append(now.model_copy(update={"refused": True}))
            else:
                revisions.append(record(db, job, change.pair, _stored(change), who))
    return revisions


def _check(job: str, change: Change, known: Container[str]) -> None:
    edit, pair = change.edit, change.pair
    written = edit is not None and edit.source is not None
    if not pair or (pair not in known and not written):
        raise JournalError("edit.unknown", job=job, pair=pair)
    if edit is None:
        return
    if any(text is not None and not text.strip() for text in (edit.question, edit.answer)):
        raise JournalError("edit.blank", pair=pair)
    if written and not (edit.question and edit.answer and edit.place):
        raise JournalError("edit.blank", pair=pair)
    if edit.fate == "duplicate" and (edit.of == pair or not edit.of or edit.of not in known):
        raise JournalError("edit.unknown", job=job, pair=edit.of or "")


def _stored(change: Change) -> Edit | None:
    """The edit as it is stored; None for one that changes nothing."""
    edit = change.edit
    if edit is None:
        return None
    texts = {"question": edit.question, "answer": edit.answer}
    bare = {name: text and text.strip() for name, text in texts.items()}
    stored = edit.model_copy(update={**bare, "pair": change.pair})
    return None if stored == Edit(pair=change.pair) else stored


def reword(
    journal: Journal, job: str, pair: str, question: str | None = None, answer: str | None = None
) -> None:
    """Replaces a pair's words by the user's, and keeps the pair whatever it was before.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        pair: The pair's id.
        question: The new one; None leaves it as it is.
        answer: The new one; None leaves it as it is.

    Raises:
        JournalError: The list has no such pair, or a text is blank.
    """
    given = {"question": question, "answer": answer}
    words = {name: text.strip() for name, text in given.items() if text is not None}
    if not all(words.values()):
        raise JournalError("edit.blank", pair=pair)
    _edit(journal, job, pair, lambda edit: edit.model_copy(update={**words, "fate": "kept"}))


def leave_out(journal: Journal, job: str, pair: str) -> None:
    """Leaves a pair out of the list, and its duplicates with it.

    Raises:
        JournalError: The list has no such pair.
    """
    _edit(journal, job, pair, lambda edit: edit.model_copy(update={"fate": "left out"}))


def keep(journal: Journal, job: str, pair: str) -> None:
    """Keeps a pair that the user had left out, or that was a duplicate or rejected.

    Raises:
        JournalError: The list has no such pair.
    """
    _edit(journal, job, pair, lambda edit: edit.model_copy(update={"fate": "kept"}))


def undo(journal: Journal, job: str, pair: str) -> None:
    """Deletes the user's edit of a pair.

    Raises:
        JournalError: The list has no such pair.
    """
    _check_pair(journal, job, pair)
    with journal.writing() as db:
        record(db, job, pair, None)


def _edit(journal: Journal, job: str, pair: str, change: Callable[[Edit], Edit]) -> None:
    _check_pair(journal, job, pair)
    with journal.writing() as db:
        edit = change(standing(db, job, pair).edit or Edit(pair=pair))
        record(db, job, pair, edit)


def _check_pair(journal: Journal, job: str, pair: str) -> None:
    if not pair or pair not in _known(journal, job):
        raise JournalError("edit.unknown", job=job, pair=pair)


def _known(journal: Journal, job: str) -> set[str]:
    """The ids of a list's pairs, those that a person wrote among them."""
    made = {pair.id for pair in everything(load_list(journal, job, edited=False))}
    return made | {edit.pair for edit in edits(journal, job) if edit.source is not None}


def grounder(journal: Journal, job: str) -> Ground:
    """A function that finds the evidence for a pair's new words; it loads the texts once.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
    """
    from pairs.evidence.grounding import Passage, SourceText

    read: dict[str, tuple[Chunk, SourceFile]] = {}
    of_source: dict[str, SourceFile] = {}
    texts: dict[str, SourceText] = {}

    def ground(pair: QAPair, place: Span | None) -> Evidence:
        if not of_source:
            files, chunks = load_documents(journal, job)
            of_source.update({file.source: file for file in files})
            read.update({chunk.id: (chunk, files[place]) for place, chunk in chunks})
        if place is not None:
            return _marked(pair, place, of_source.get(pair.source))
        if pair.chunk_id not in read:
            return Evidence(match="none")
        chunk, file = read[pair.chunk_id]
        document = texts.setdefault(file.sha256, SourceText(file.text))
        return Passage(chunk, file.pages, document).ground(pair.question, pair.answer)

    return ground


def _marked(pair: QAPair, place: Span, file: SourceFile | None) -> Evidence:
    """The evidence that a person marked: what of it proves the answer, or all of it."""
    text = file.text[place.start : place.end] if file else ""
    if file is None or len(text) < place.end - place.start or not text.strip():
        return Evidence(match="none")
    from pairs.evidence.grounding import Passage, page_at
    from pairs.evidence.numbers import unproven_numbers

    chunk = Chunk(id=pair.chunk_id, index=0, source=pair.source, text=text, span=place)
    found = Passage(chunk, file.pages).ground(pair.question, pair.answer)
    if found.match != "none":
        return found
    return Evidence(
        match="judged",
        span=place,
        page=page_at(file.pages, place.start),
        quote=text,
        sentence=text,
        numbers_ok=not unproven_numbers(pair.answer, text, pair.question, text),
    )
