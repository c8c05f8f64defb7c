"""A list to review, of two documents in two languages."""

from __future__ import annotations

import time
from collections.abc import Sequence

from chains.journal.documents import save_documents
from chains.journal.jobs import Jobs
from chains.journal.lists import save_list
from chains.journal.replies import Journal
from chains.records import Job, SourceFile
from loaders.records import Chunk, Span
from pairs.edits import pair_id
from pairs.records import (
    ChunkOutcome,
    Conflict,
    Duplicate,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
    TokenUsage,
)

ZH = "".join(f"第{n}号桥于{1900 + n}年建成，全长{100 + n}米，位于{n}区。\n" for n in range(30))
EN = (
    "".join(
        f"Bridge {n} was opened in {1900 + n}; it is {100 + n} metres long.\n" for n in range(30)
    )
    + "\n| Bridge | Metres |\n|---|---|\n| North | 311 |\n| South | 422 |\n"
)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"></script>"


def _pair(source: str, text: str, question: str, answer: str, near: str) -> QAPair:
    begin = text.index(near)
    at = text.index(answer, begin)
    end = text.index("\n", at)
    return QAPair(
        id=pair_id(source, question, answer),
        question=question,
        answer=answer,
        evidence=Evidence(
            match="exact", span=Span(start=at, end=at + len(answer)), quote=answer, score=1,
            page=1, sentence=text[begin:end],
        ),
        verdict="proven",
        source=source,
        page=1,
        chunk_id=source,
    )  # fmt: skip


def review_list() -> PairList:
    """64 kept pairs with two conflicts, three duplicates, two rejected ones and hostile words."""
    kept: list[QAPair] = []
    for n in range(30):
        near = f"第{n}号桥"
        kept.append(_pair("桥.txt", ZH, f"{near}哪年建成？", f"{1900 + n}年", near))
        kept.append(
            _pair("en.txt", EN, f"How long is bridge {n}?", f"{100 + n} metres", f"Bridge {n} ")
        )
    kept.sort(key=lambda pair: pair.source)
    other_zh = _pair("桥.txt", ZH, "第3号桥何时建成？", "104米", "第4号桥")
    other_en = _pair("en.txt", EN, "What is the length of bridge 3?", "104 metres", "Bridge 4 ")
    table = _pair("en.txt", EN, "How long is South?", "422", "| South")
    hostile = _pair("en.txt", EN, f"What of bridge 7 {HOSTILE}?", "1907", "Bridge 7 ")
    kept += [other_zh, other_en, table, hostile]
    of = {pair.question: pair for pair in kept}
    again = [
        _pair("桥.txt", ZH, "5号桥是哪一年建好的？", "1905年", "第5号桥"),
        _pair("en.txt", EN, "Bridge 5: how many metres?", "105 metres", "Bridge 5 "),
        _pair("en.txt", EN, "Length of bridge 6?", "106 metres long", "Bridge 6 "),
    ]
    firsts = ["第5号桥哪年建成？", "How long is bridge 5?", "How long is bridge 6?"]
    out = [
        _pair("桥.txt", ZH, "第8号桥在哪里？", "8区", "第8号桥"),
        _pair("en.txt", EN, "When was bridge 8 opened?", "1908", "Bridge 8 "),
    ]
    parsed = {
        source: sum(one.source == source for one in [*kept, *again, *out])
        for source in ("桥.txt", "en.txt")
    }
    return PairList(
        kept=tuple(kept),
        duplicates=tuple(
            Duplicate(item=one, duplicate_of=of[first], score=0.95, kind="semantic")
            for one, first in zip(again, firsts, strict=True)
        ),
        rejected=tuple(Rejected(item=one, reason=Reason(code="rejected.number")) for one in out),
        conflicts=(
            Conflict(
                item=other_zh, conflicts_with=of["第3号桥哪年建成？"], score=0.96, kind="semantic"
            ),
            Conflict(
                item=other_en, conflicts_with=of["How long is bridge 3?"], score=0.96,
                kind="semantic",
            ),
        ),
        chunks=tuple(
            ChunkOutcome(
                chunk_id=source, source=source, span=Span(start=0, end=len(text)), state="pairs",
                parsed=parsed[source],
            )
            for source, text in (("桥.txt", ZH), ("en.txt", EN))
        ),
        usage=TokenUsage(calls=2, prompt=900, completion=300),
    )  # fmt: skip


def add_job(
    journal: Journal,
    pairs: PairList,
    texts: dict[str, str],
    job: str = "0a1b2c3d",
    digests: Sequence[str] = (),
) -> str:
    """A finished job with its texts and its list."""
    files = [
        SourceFile(
            source=source, sha256=digests[n] if digests else f"{n:064x}", text=text, pages=((0, 1),)
        )
        for n, (source, text) in enumerate(texts.items())
    ]
    chunks = [
        (
            n,
            Chunk(
                id=file.source, index=n, text=file.text, span=Span(start=0, end=len(file.text)),
                source=file.source, first_page=1, last_page=1, headings=("Bridges", f"Part {n}"),
            ),
        )
        for n, file in enumerate(files)
    ]  # fmt: skip
    jobs = Jobs(journal)
    with journal.writing() as db:
        db.execute("INSERT OR REPLACE INTO owners VALUES ('o', 'h', 1, ?)", (time.time(),))
    opened, _ = jobs.open(
        Job(id=job, fingerprint=job, backend={"name": "simulated", "model": "m"}), "o"
    )
    save_documents(journal, opened.id, files, chunks)
    save_list(journal, opened.id, pairs)
    jobs.end(opened.model_copy(update={"state": "done", "usage": pairs.usage}), "o")
    return opened.id
