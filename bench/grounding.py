"""Measures grounding: right evidence found, wrong answers caught, and speed.

    python bench/grounding.py                  # the project's own questions
    python bench/grounding.py --data FOLDER    # FOLDER/qa/*.jsonl: context, question, answer, place

Every share is printed with its denominator, per language; what could not be altered or stands in
the context in its altered form is counted as left out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.grounding_cases import DISTURBED, alterations, statement  # noqa: E402 - checkout first
from bench.grounding_speed import measure_speed  # noqa: E402
from bench.report import save_result  # noqa: E402
from chains.embedding.load import NamedEmbeddings, load_embeddings  # noqa: E402
from loaders.records import Chunk, Span  # noqa: E402
from pairs.evidence.grounding import Passage, SourceText  # noqa: E402
from pairs.evidence.quality import reason_against  # noqa: E402
from pairs.evidence.source_text import without_marks  # noqa: E402
from pairs.evidence.support import share_said  # noqa: E402
from pairs.text.flat import fold  # noqa: E402

Row = dict[str, Any]
_TWINS = 0.5
"""Share of its words from which an unanswerable question is the twin of an answerable one."""
_PASSAGES: dict[str, Passage] = {}
_EMBEDDINGS: list[NamedEmbeddings] = []
"""What tells how near two texts are; none by default."""


def passage(context: str) -> Passage:
    """The prepared passage of a context, made once."""
    if context not in _PASSAGES:
        span = Span(start=0, end=len(context))
        chunk = Chunk(id="0", index=0, text=context, span=span, source="context")
        _PASSAGES[context] = Passage(chunk, near=_near if _EMBEDDINGS else None)
    return _PASSAGES[context]


def _near(one: str, other: str) -> float:
    named = _EMBEDDINGS[0]
    assert named.embeddings
    first, second = named.embeddings.embed_documents([one, other])
    return sum(x * y for x, y in zip(first, second, strict=True)) / named.threshold


def bare(text: str) -> str:
    """A text in the form in which two texts are compared."""
    return without_marks(fold(text)).text


def stands(altered: str, known: str) -> bool:
    """Whether a normalised text holds an altered form; 两 and 二 count as equal."""
    return bare(altered).replace("两", "二") in known.replace("两", "二")


class Tally:
    """Shares with their denominators, by language and name."""

    def __init__(self) -> None:
        self.hits: Counter[tuple[str, str]] = Counter()
        self.all: Counter[tuple[str, str]] = Counter()

    def count(self, lang: str, name: str, hit: bool) -> None:
        """Counts one case."""
        self.all[lang, name] += 1
        self.hits[lang, name] += hit

    def rows(self) -> list[dict[str, Any]]:
        """One line per share."""
        return [
            {
                "lang": lang,
                "name": name,
                "of": total,
                "hit": self.hits[lang, name],
                "share": round(self.hits[lang, name] / total, 4),
            }
            for (lang, name), total in sorted(self.all.items(), key=lambda item: item[0][::-1])
        ]


def covers(row: Row, start: int, end: int) -> bool:
    """Whether a span overlaps the gold answer."""
    gold = int(row["answer_start"])
    return bool(start < gold + len(row["answer"]) and gold < end)


def measure_finding(rows: list[Row], tally: Tally, chance: random.Random) -> None:
    """Gold answers as they stand and disturbed, and the choice among several places."""
    for row in rows:
        for name, disturb in {"as it stands": lambda text, _: text, **DISTURBED}.items():
            answer = disturb(row["answer"], chance)
            if name != "as it stands" and answer == row["answer"]:
                tally.count(row["lang"], f"left out: {name} changes nothing", True)
                continue
            evidence = passage(row["context"]).ground(row["question"], answer)
            found = evidence.match in ("exact", "normalised")
            right = found and bare(evidence.quote) == bare(row["answer"])
            tally.count(row["lang"], f"found: {name}", right)
            if name == "as it stands":
                ok = evidence.numbers_ok and evidence.match != "none"
                tally.count(row["lang"], "wrongly doubted: answer", not ok)
                if evidence.span and len(_places(row)) > 1:
                    near = covers(row, evidence.span.start, evidence.span.end)
                    tally.count(row["lang"], "gold place among several", near)


def _places(row: Row) -> list[tuple[int, int]]:
    return SourceText(row["context"]).places(row["answer"])[0]


def measure_statements(rows: list[Row], tally: Tally) -> None:
    """Answers put as sentences: tied to the gold sentence, not rejected."""
    for row in rows:
        said = statement(row["question"], row["answer"], row["lang"])
        if said is None:
            tally.count(row["lang"], "left out: no sentence made", True)
            continue
        evidence = passage(row["context"]).ground(row["question"], said)
        tied = evidence.span is not None and covers(row, evidence.span.start, evidence.span.end)
        tally.count(row["lang"], "sentence tied to the gold one", tied)
        holds = tied or bare(row["answer"]) in bare(evidence.quote)
        tally.count(row["lang"], "sentence tied to one with the answer", holds)
        rejected = evidence.match == "none" or not evidence.numbers_ok
        tally.count(row["lang"], "wrongly doubted: sentence", rejected)


def measure_alterations(rows: list[Row], tally: Tally, chance: random.Random) -> None:
    """Answers and sentences with one altered fact: the share that is caught."""
    for row in rows:
        said = statement(row["question"], row["answer"], row["lang"])
        known = bare(row["context"])
        for form, whole in (("answer", row["answer"]), ("sentence", said)):
            if whole is None:
                continue
            source = row["answer"] if form == "sentence" else whole
            for kind, altered in alterations(source, chance):
                if stands(altered, known):
                    tally.count(row["lang"], f"left out: altered {form}, {kind}, stands", True)
                    continue
                said_altered = altered
                if form == "sentence":
                    said_altered = statement(row["question"], altered, row["lang"]) or altered
                evidence = passage(row["context"]).ground(row["question"], said_altered)
                caught = evidence.match == "none" or not evidence.numbers_ok
                tally.count(row["lang"], f"caught: {form}, {kind}", caught)


def measure_strangers(rows: list[Row], tally: Tally) -> None:
    """Sentences with another document's answer in them: none of it is in the text."""
    for row, other in zip(rows, rows[len(rows) // 2 :] + rows[: len(rows) // 2], strict=True):
        if other["lang"] != row["lang"] or bare(other["answer"]) in bare(row["context"]):
            continue
        for form, answer in (
            ("answer", other["answer"]),
            ("sentence", statement(row["question"], other["answer"], row["lang"])),
        ):
            if answer is None:
                continue
            evidence = passage(row["context"]).ground(row["question"], answer)
            caught = evidence.match == "none" or not evidence.numbers_ok
            tally.count(row["lang"], f"caught: {form}, another text's", caught)


def measure_questions(rows: list[Row], tally: Tally) -> None:
    """Real questions with their gold answers that the list would leave out, by reason."""
    for row in rows:
        evidence = passage(row["context"]).ground(row["question"], row["answer"])
        code = reason_against(row["question"], row["answer"], evidence, "strict")
        tally.count(row["lang"], "real pair left out", bool(code))
        if code:
            tally.count(row["lang"], f"left out as {code}", True)


def measure_twins(rows: list[Row], tally: Tally) -> None:
    """Unanswerable questions with their plausible answers, reported and judged by no bar.

    Where a set names none, the answer of the nearest answerable question of the same passage
    stands for one, apart for those that share at least half of their words with it.
    """
    answered: dict[str, list[Row]] = {}
    for row in rows:
        if row["answer"]:
            answered.setdefault(row["context"], []).append(row)
    for row in rows:
        if row["answer"]:
            continue
        name = "unanswerable: plausible answer"
        given = [a["text"] if isinstance(a, dict) else a for a in row.get("plausible_answers", ())]
        if not given and (others := answered.get(row["context"])):
            share, twin = max(
                ((share_said(row["question"], o["question"]), o) for o in others),
                key=lambda one: one[0],
            )
            name = "unanswerable: twin's" if share >= _TWINS else "unanswerable: neighbour's"
            given = [twin["answer"]]
        for answer in given:
            said = statement(row["question"], answer, row["lang"])
            for form, text in (("answer", answer), ("sentence", said)):
                if text:
                    evidence = passage(row["context"]).ground(row["question"], text)
                    code = reason_against(row["question"], text, evidence, "strict")
                    tally.count(row["lang"], f"{name} {form} rejected", bool(code))


def read_rows(data: Path | None) -> list[Row]:
    """The questions to measure with."""
    files = sorted((data / "qa").glob("*.jsonl")) if data else [HERE / "grounding_set.jsonl"]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def main() -> None:
    """Prints the table and writes ``bench/results/grounding.json``."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--data", type=Path, help="folder that holds qa/*.jsonl")
    arguments.add_argument("--embeddings", help="what answers in other words are judged with too")
    given = arguments.parse_args()
    data: Path | None = given.data
    if given.embeddings:
        _EMBEDDINGS.append(load_embeddings(given.embeddings))
    everything = read_rows(data)
    rows = [row for row in everything if row["answer"] and row["question"]]
    tally, chance = Tally(), random.Random(7)
    measure_finding(rows, tally, chance)
    measure_statements(rows, tally)
    measure_alterations(rows, tally, chance)
    measure_strangers(rows, tally)
    measure_questions(rows, tally)
    measure_twins(everything, tally)
    lines = tally.rows()
    for line in lines:
        shown = f"{line['hit']:>5} / {line['of']:<5} {line['share']:.2%}"
        print(f"{line['lang']:<8} {line['name']:<52} {shown}")
    speed = measure_speed(rows, passage)
    for name, value in speed.items():
        print(f"{name:<40} {value}")
    name = "qa" if data else "grounding_set.jsonl"
    embeddings = _EMBEDDINGS[0].name if _EMBEDDINGS else ""
    used = {"data": name, "embeddings": embeddings}
    save_result("grounding", {**used, "shares": lines, "speed": speed}, ("rapidfuzz",))


if __name__ == "__main__":
    main()
