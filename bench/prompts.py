"""Compares prompts by what they bring: coverage, questions that stand alone, answers, losses.

    python -m bench.prompts [--backend NAME] [--config FILE] [--chunks N] [--seed N]
                            [--language zh|en] [--answers short|full]
                            [--try 1 --try 2 --try own.txt] [--pairs FILE] [--labels FILE]
                            [--result] DOCUMENT ...

Each ``--try`` is a version of the built-in prompts or the file of a prompt of one's own; without
any, the last two versions are compared. Replies are kept in a journal beside the pairs, so that a
trial that was broken off goes on. Nothing checks the pairs but the rules.
Labels are JSON lines of what somebody who read a kept pair against its chunk says of it:
``{"pair": ID, "label": "right"}``, or ``wrong`` or ``leans`` (it does not stand alone).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import save_result
from chains.events import Done
from chains.journal.replies import Journal
from chains.run.inputs import Inputs, read_for
from chains.run.pipeline import Pipeline
from chains.run.source import source_of
from chains.settings import resolve
from loaders.records import Chunk
from pairs.evidence.coverage import coverage
from pairs.records import PairList, QAPair
from pairs.text.context_dependence import leans
from pairs.text.flat import flatten
from pairs.text.language import language_of
from pairs.text.terms import is_slight, terms
from prompts import PROMPT_VERSION

_CAPITAL = re.compile(r"(?<=\s)[A-Z][\w-]+|\d")
_SHORT = 3
"""Words, or twice as many Chinese characters, up to which an answer is a fragment."""


def main() -> None:
    """Runs the trials and prints their figures."""
    given = _arguments()
    tries = given.tries or [str(PROMPT_VERSION - 1), str(PROMPT_VERSION)]
    figures: dict[str, Any] = {}
    pairs: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(given.pairs).with_suffix(".journal") if given.pairs else Path(folder) / "j"
        for one in tries:
            figures[one] = _trial(one, given, place, pairs)
            print(one, json.dumps(figures[one], ensure_ascii=False, indent=1), flush=True)
            if given.pairs:
                rows = (json.dumps(row, ensure_ascii=False) for row in pairs)
                Path(given.pairs).write_text("\n".join(rows) + "\n", encoding="utf-8")
    if given.result:
        documents = [Path(one).name for one in given.documents]
        asked = {"backend": given.backend, "documents": documents, "chunks": given.chunks}
        save_result("prompts", {"asked": asked, "trials": figures})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("documents", nargs="+")
    parser.add_argument("--backend", default="embedded")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--chunks", type=int, default=0, help="of each document; 0 for all")
    parser.add_argument("--seed", type=int, help="draw the chunks by chance instead of evenly")
    parser.add_argument("--language", choices=("zh", "en"), help="chunks in this language alone")
    parser.add_argument("--answers", default="auto", choices=("auto", "short", "full"))
    parser.add_argument("--try", dest="tries", action="append", help="a version, or a prompt file")
    parser.add_argument("--pairs", help="file that all pairs are written to, to be read by eye")
    parser.add_argument("--labels", type=Path, help="what a reader says of the kept pairs")
    parser.add_argument("--result", action="store_true", help="save the figures")
    return parser.parse_args()


def _trial(
    tried: str, given: argparse.Namespace, journal: Path, pairs: list[dict[str, object]]
) -> dict[str, Any]:
    chosen: dict[str, Any] = {"backend": given.backend, "check": "off", "answers": given.answers}
    chosen |= {"prompt_version": int(tried)} if tried.isdecimal() else {"prompt": tried}
    resolved = resolve({**chosen, "journal": journal, "embeddings": "lexical"}, given.config)
    read = read_for(resolved, given.documents)
    asked = _some(read, given.chunks, given.seed, given.language)
    result = PairList()
    with Journal(journal) as opened:
        for event in Pipeline(resolved, journal=opened).run(asked):
            if isinstance(event, Done):
                result = event.result
    by_id = {chunk.id: chunk for chunk in asked.chunks}
    for state, some in _sorted_out(result):
        pairs += [_row(tried, state, pair, by_id[pair.chunk_id]) for pair in some]
    spoken = {chunk.id: language_of(chunk.text) for chunk in asked.chunks}
    return {
        language: _figures(
            result, read, asked, {id_ for id_ in spoken if spoken[id_] == language}, given.labels
        )
        for language in sorted(set(spoken.values()))
    }


def _some(read: Inputs, most: int, seed: int | None = None, language: str | None = None) -> Inputs:
    """The chunks to ask about, boilerplate left out: evenly taken from each document, or drawn.

    Only chunks with a sentence worth asking about are drawn, and what is drawn from a document is
    the same whatever others are named beside it.
    """
    places: list[int] = []
    for file, text in enumerate(read.files):
        own = [
            at
            for at, chunk in enumerate(read.chunks)
            if read.file_of[at] == file and not chunk.boilerplate
            if language in (None, language_of(chunk.text))
        ]
        if seed is not None:
            chance = random.Random(f"{seed} {Path(text.source).name}")
            own = [at for at in own if coverage(read.chunks[at].text, ()).sentences]
            own = sorted(chance.sample(own, min(most or len(own), len(own))))
        step = len(own) / most if most and len(own) > most else 1
        places += [own[int(at * step)] for at in range(min(most or len(own), len(own)))]
    return Inputs(
        files=read.files,
        chunks=[read.chunks[at] for at in places],
        file_of=[read.file_of[at] for at in places],
        encodings=read.encodings,
    )


def _sorted_out(result: PairList) -> list[tuple[str, list[QAPair]]]:
    lost = [(one.reason.code, [one.item]) for one in result.rejected]
    same = [("duplicate", [one.item for one in result.duplicates])]
    return [("kept", list(result.kept)), *same, *lost]


def _row(tried: str, state: str, pair: QAPair, chunk: Chunk) -> dict[str, object]:
    return {
        "try": tried,
        "state": state,
        "document": Path(chunk.source).name,
        "chunk": chunk.id,
        "pair": _id(pair),
        "question": pair.question,
        "answer": pair.answer,
        "names": _names(pair.question, chunk),
        "evidence": pair.evidence.sentence,
    }


def _id(pair: QAPair) -> str:
    """Names a pair without quoting it."""
    return sha256(f"{pair.chunk_id}\n{pair.question}\n{pair.answer}".encode()).hexdigest()[:12]


def _figures(
    result: PairList, read: Inputs, asked: Inputs, ids: set[str], labels: Path | None
) -> dict[str, Any]:
    """The figures of the chunks of one language."""
    chunks = {chunk.id: chunk for chunk in asked.chunks}
    kept = [pair for pair in result.kept if pair.chunk_id in ids]
    worth = covered = 0
    for file, text in enumerate(read.files):
        all_ = [c for at, c in enumerate(read.chunks) if read.file_of[at] == file]
        if not any(chunk.id in ids for chunk in all_):
            continue
        rest = [c.model_copy(update={"boilerplate": True}) for c in all_ if c.id not in ids]
        found = coverage(text.text, [p for p in kept if p.source == text.source], rest)
        worth, covered = worth + found.sentences, covered + found.covered
    lost = Counter(one.reason.code for one in result.rejected if one.item.chunk_id in ids)
    sizes = [_size(pair.answer) for pair in kept]
    named = sum(_names(pair.question, chunks[pair.chunk_id]) for pair in kept)
    return {
        "chunks": len(ids),
        "sentences worth asking": worth,
        "covered": round(covered / worth, 3) if worth else None,
        "kept": len(kept),
        "duplicates": sum(one.item.chunk_id in ids for one in result.duplicates),
        "lost": dict(lost.most_common()),
        "questions that name what they speak of": round(named / len(kept), 3) if kept else None,
        "answer words, median": median(sizes) if sizes else None,
        "answers of at most three words": sum(size <= _SHORT for size in sizes),
        "read by eye": _read(kept, labels),
    }


def _read(kept: list[QAPair], labels: Path | None) -> dict[str, int]:
    """How many of the kept pairs have which label."""
    rows = map(json.loads, labels.read_text(encoding="utf-8").splitlines()) if labels else ()
    label_of = {row["pair"]: row["label"] for row in rows}
    return Counter(label_of[_id(pair)] for pair in kept if _id(pair) in label_of)


def _size(answer: str) -> float:
    """Words of an answer; two Chinese characters count as one."""
    han = sum("\u3400" <= sign <= "\u9fff" for sign in answer)
    return han / 2 + len(re.findall(r"[^\W\u3400-\u9fff]+", answer))


def _names(question: str, chunk: Chunk) -> bool:
    """Whether a question names what it speaks of: a word of its source, a proper name or a date."""
    if leans(question):
        return False
    source = source_of(chunk)
    told = " ".join((source.title, *source.headings))
    known = {word for word, _, _ in terms(flatten(told)) if not is_slight(word)}
    words = {word for word, _, _ in terms(flatten(question)) if not is_slight(word)}
    return bool(known & words) or bool(_CAPITAL.search(question))


if __name__ == "__main__":
    main()
