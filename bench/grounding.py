"""How rightly answers are tied to their evidence, how many wrong ones are caught, and how fast.

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
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.grounding_cases import DISTURBED, alterations, statement  # noqa: E402 - checkout first
from bench.report import save_result  # noqa: E402
from loaders.records import Chunk, Span  # noqa: E402
from pairs.checking import reason_against  # noqa: E402
from pairs.grounding import Passage, SourceText  # noqa: E402
from pairs.normalise import fold  # noqa: E402
from pairs.source_text import without_marks  # noqa: E402

Row = dict[str, Any]
_PASSAGES: dict[str, Passage] = {}


def passage(context: str) -> Passage:
    """The prepared passage of a context, made once."""
    if context not in _PASSAGES:
        span = Span(start=0, end=len(context))
        chunk = Chunk(id="0", index=0, text=context, span=span, source="context")
        _PASSAGES[context] = Passage(chunk)
    return _PASSAGES[context]


def bare(text: str) -> str:
    """What two texts must share to be equal after normalisation."""
    return without_marks(fold(text)).text


class Tally:
    """Shares with their denominators, by language and name."""

    def __init__(self) -> None:
        self.hits: Counter[tuple[str, str]] = Counter()
        self.all: Counter[tuple[str, str]] = Counter()

    def count(self, lang: str, name: str, hit: bool) -> None:
        """One more case."""
        self.all[lang, name] += 1
        self.hits[lang, name] += hit

    def rows(self) -> list[dict[str, Any]]:
        """One line a share."""
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
    """Whether a stretch touches the gold answer."""
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
    """Answers and sentences with one thing altered: caught or not."""
    for row in rows:
        said = statement(row["question"], row["answer"], row["lang"])
        known = bare(row["context"])
        for form, whole in (("answer", row["answer"]), ("sentence", said)):
            if whole is None:
                continue
            source = row["answer"] if form == "sentence" else whole
            for kind, altered in alterations(source, chance):
                if bare(altered) in known:
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
    """Unanswerable questions with their plausible answers, where a set has them."""
    for row in rows:
        for answer in row.get("plausible_answers", ()):
            text = answer["text"] if isinstance(answer, dict) else answer
            evidence = passage(row["context"]).ground(row["question"], text)
            code = reason_against(row["question"], text, evidence, "strict")
            tally.count(row["lang"], "plausible answer of an unanswerable twin caught", bool(code))


def measure_speed(rows: list[Row]) -> dict[str, float]:
    """Milliseconds an answer by way of matching, and the seconds of a large document."""
    figures = {"exact and normalised, CPU ms": _verbatim_ms(rows), "fuzzy, CPU ms": _fuzzy_ms(rows)}
    figures["10,000 pairs over 2 MB, CPU s"] = _large_seconds(rows)
    return figures


def _verbatim_ms(rows: list[Row]) -> float:
    cases = [(passage(r["context"]), r["question"], r["answer"]) for r in rows]
    cases += [(p, q, a.swapcase()) for p, q, a in cases]
    for one, question, _ in cases:
        one.ground(question, "warm up")
    begin = time.process_time()
    for one, question, answer in cases:
        one.ground(question, answer)
    return round((time.process_time() - begin) / len(cases) * 1000, 4)


def _fuzzy_ms(rows: list[Row]) -> float:
    text = ""
    cases: list[tuple[str, str]] = []
    for row in rows:
        text = (text + row["context"])[-1500:]
        if len(text) == 1500 and len(cases) < 400:
            start = len(cases) * 2 % 1200
            answer = text[start : start + 20 + len(cases) % 200]
            cases.append((text, answer[: len(answer) // 2] + "※" + answer[len(answer) // 2 + 1 :]))
    for context, _ in cases:
        passage(context).ground("?", "warm up")
    begin = time.process_time()
    for context, answer in cases:
        passage(context).ground("?", answer)
    return round((time.process_time() - begin) / max(len(cases), 1) * 1000, 4)


def _large_seconds(rows: list[Row]) -> float:
    """A document of 2 MB whose chunks are the contexts: 10,000 pairs, half put as sentences.

    One pair in twenty is asked of another chunk than its own, so that the whole file is searched.
    """
    by_context: dict[str, list[Row]] = {}
    for row in rows:
        by_context.setdefault(row["context"], []).append(row)
    text, parts = "", []
    while len(text.encode()) < 2_000_000:
        for context in by_context:
            parts.append((context, len(text)))
            text += context + "\n"
    document = SourceText(text)
    begin, done = time.process_time(), 0
    while done < 10_000:
        for context, at in parts:
            span = Span(start=at, end=at + len(context))
            chunk = Chunk(id="0", index=0, text=context, span=span, source="large")
            one = Passage(chunk, (), document)
            for row in by_context[context]:
                asked = rows[done % len(rows)] if done % 20 == 0 else row
                said = statement(asked["question"], asked["answer"], asked["lang"])
                one.ground(asked["question"], said if said and done % 2 else asked["answer"])
                done += 1
    return round((time.process_time() - begin) / done * 10_000, 2)


def read_rows(data: Path | None) -> list[Row]:
    """The questions to measure with."""
    files = sorted((data / "qa").glob("*.jsonl")) if data else [HERE / "grounding_set.jsonl"]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def main() -> None:
    """Prints the table and writes ``bench/results/grounding.json``."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--data", type=Path, help="folder that holds qa/*.jsonl")
    data: Path | None = arguments.parse_args().data
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
    speed = measure_speed(rows)
    for name, value in speed.items():
        print(f"{name:<40} {value}")
    name = "qa" if data else "grounding_set.jsonl"
    save_result("grounding", {"data": name, "shares": lines, "speed": speed}, ("rapidfuzz",))


if __name__ == "__main__":
    main()
