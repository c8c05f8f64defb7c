"""The rows of the pair table: filtered and paged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

from chains import judge_sentence, marks
from messages import say
from pairs import ChunkOutcome, PairList, QAPair

from .job_state import halt_of
from .words import told

View = Literal["kept", "duplicates", "rejected", "failed", "not_asked"]
VIEWS: tuple[View, ...] = ("kept", "duplicates", "rejected", "failed", "not_asked")
PAGE_SIZES = (20, 50, 100)
MOST_RAW = 2000  # characters of a raw reply that are shown
Row = dict[str, Any]


class Table:
    """The rows of a pair list, built once and served page by page.

    Args:
        pairs: The list, edits applied; of the kept ones those in doubt come first.
        language: ``en`` or ``zh``, of the reasons.
    """

    def __init__(self, pairs: PairList, language: str) -> None:
        beside: dict[str, list[Row]] = defaultdict(list)
        for one in pairs.duplicates:
            said = {"question": one.item.question, "answer": one.item.answer}
            beside[one.duplicate_of.id or one.duplicate_of.question].append(
                {**said, "score": round(one.score, 2)}
            )
        against: dict[str, list[str]] = defaultdict(list)
        for clash in pairs.conflicts:
            against[clash.item.id].append(clash.conflicts_with.question)
            against[clash.conflicts_with.id].append(clash.item.question)
        self._rows: dict[str, list[Row]] = {
            "kept": [
                {
                    **as_row(pair),
                    "doubtful": pair.doubtful,
                    "beside": beside[pair.id or pair.question],
                    "against": against[pair.id],
                }
                for pair in sorted(pairs.kept, key=lambda pair: not pair.doubtful)
            ],
            "duplicates": [
                {
                    **as_row(one.item),
                    "of": one.duplicate_of.question,
                    "of_answer": one.duplicate_of.answer,
                    "score": round(one.score, 2),
                }
                for one in pairs.duplicates
            ],
            "rejected": [
                {
                    **as_row(one.item),
                    "reason": told(one.reason, language),
                    "by_hand": one.reason.code == "pair.left_out",
                }
                for one in pairs.rejected
            ],
            **{
                state.replace(" ", "_"): [
                    as_failure(one, language) for one in pairs.chunks if one.state == state
                ]
                for state in ("failed", "not asked")
            },
        }
        self.counts = counts_of(pairs)
        self.halt = halt_of(pairs)
        self.checks = checks_of(pairs, language)

    def page(self, view: str, page: int, size: int, find: str) -> tuple[list[Row], int]:
        """The rows of a page, and how many there are on all pages together."""
        return page_of(self._rows.get(view, []), page, size, find)


def page_of(rows: Sequence[Row], page: int, size: int, find: str) -> tuple[list[Row], int]:
    """The rows of one page of those that hold all words looked for, and how many these are.

    Args:
        rows: All of them.
        page: From 0.
        size: Rows a page.
        find: Words, in any case; empty for all rows.
    """
    words = find.casefold().split()[:20]
    if words:
        rows = [row for row in rows if all(word in _searched(row) for word in words)]
    last = max(0, (len(rows) - 1) // size)
    first = min(max(page, 0), last) * size
    return [
        {"number": first + at + 1, **row} for at, row in enumerate(rows[first : first + size])
    ], len(rows)


def _searched(row: Row) -> str:
    names = ("question", "answer", "sentence", "source", "reason", "of")
    return " ".join(str(row.get(name, "")) for name in names).casefold()


def counts_of(pairs: PairList) -> dict[str, int]:
    """Counts of pairs by fate, which add up to ``parsed``, and of chunks by state."""
    states = {state.replace(" ", "_"): count for state, count in pairs.states().items()}
    return {
        "parsed": len(pairs.kept) + len(pairs.duplicates) + len(pairs.rejected),
        "kept": len(pairs.kept),
        "duplicates": len(pairs.duplicates),
        "rejected": len(pairs.rejected),
        "conflicts": len(pairs.conflicts),
        "edited": sum(pair.edited for pair in pairs.kept),
        "chunks": len(pairs.chunks),
        **{f"chunks_{state}": count for state, count in states.items()},
    }


def checks_of(pairs: PairList, language: str) -> list[str]:
    """What is told of the model that checked the pairs: what it was worth, what it leaves open."""
    told = []
    if pairs.judge:
        told.append(judge_sentence(pairs.judge, language))
        if pairs.judge.unanswered:
            told.append(say("show.judge_unanswered", language, count=pairs.judge.unanswered))
    elif any(pair.verified is not None for pair in pairs.kept):
        told.append(say("show.verified", language, **marks(pairs)))
    doubtful = sum(pair.doubtful for pair in pairs.kept)
    if doubtful:
        told.append(say("show.doubtful", language, count=doubtful))
    return told


def as_row(pair: QAPair) -> Row:
    """The table row of a pair."""
    evidence = pair.evidence
    return {
        "id": pair.id,
        "question": pair.question,
        "answer": pair.answer,
        "source": _name(pair.source),
        "page": pair.page,
        "chunk": pair.chunk_id,
        "span": [evidence.span.start, evidence.span.end] if evidence.span else None,
        "sentence": evidence.sentence or evidence.quote,
        "quote": evidence.quote,
        "header": evidence.header,
        "match": evidence.match,
        "numbers_ok": evidence.numbers_ok,
        "edited": pair.edited,
        "verdict": pair.verdict,
        "verified": pair.verified,
        "objection": pair.objection,
        "again": "" if pair.verified else pair.answer_again,
    }


def as_failure(outcome: ChunkOutcome, language: str) -> Row:
    """The table row of a chunk that failed or was not asked about."""
    return {
        "id": outcome.chunk_id,
        "chunk": outcome.chunk_id,
        "source": _name(outcome.source),
        "span": [outcome.span.start, outcome.span.end],
        "reason": told(outcome.reason, language) if outcome.reason else "",
        "raw": outcome.raw[:MOST_RAW],
    }


def _name(source: str) -> str:
    """A document's file name; folders of the server are not shown."""
    return source.replace("\\", "/").rstrip("/").rpartition("/")[2] or source


def passage(
    text: str, span: tuple[int, int] | None, chunk: tuple[int, int], around: int = 400
) -> dict[str, Any]:
    """The document's text before, in and after a span; the whole chunk if there is no span.

    Args:
        text: The whole file's text.
        span: Characters of the evidence; None where there is none.
        chunk: Characters of the chunk.
        around: Characters on either side.
    """
    if span is None:
        words = {"before": text[chunk[0] : chunk[1]], "quote": "", "after": ""}
        return {**words, "begins": chunk[0] == 0, "ends": chunk[1] >= len(text)}
    start = min(max(0, span[0]), len(text))
    end = min(max(start, span[1]), len(text))
    return {
        "before": text[max(0, start - around) : start],
        "quote": text[start:end],
        "after": text[end : end + around],
        "begins": start <= around,
        "ends": end + around >= len(text),
    }
