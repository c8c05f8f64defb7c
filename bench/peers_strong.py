"""The labelled pairs of strong models through each tool: good ones lost, bad ones kept, duplicates.

A folder of the set holds ``set.json``, ``docs/``, ``gold.jsonl`` (pairs with their label, their
group of duplicates and the reply they stand in), ``replies.jsonl`` (by which words a reply's part
of a document is known) and ``verdicts.jsonl`` (what a strong model said of each pair that saw it
beside its passage). It is no part of this project. The model gives a tool the pairs of every part
that a request holds, in the form that tool asks for, so what is compared is what becomes of pairs
once they are read. Where a tool has pairs checked by a model, those verdicts are what it is told.
The documents reach other tools as text, as qa3 reads them: two of them read no Markdown, and
LangExtract nothing else; chunks are large enough that no part falls between two.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.judge_double import answered
from bench.peers_model import Messages, written
from bench.peers_runs import run, words
from bench.peers_tools import Call, Pairs, Tool, read_safely
from bench.simulated import Simulated

SIZE = 8000
"""Characters of a chunk; the set's parts are of some 1200 tokens, which qa3 is told."""
_OPTIONS = ("--chunk-size", "1200", "--prompt", "gpt-3.5")
_RATED = "QA pairs to rate:"


class Labelled:
    """One folder of the set, and the model that knows it.

    Args:
        folder: As above.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gold = _rows(folder / "gold.jsonl")
        self._replies = _rows(folder / "replies.jsonl")
        said = {one["id"]: one for one in _rows(folder / "verdicts.jsonl")}
        self._said = {self._key(one): said[one["id"]] for one in self.gold}
        self._groups = {self._key(one): one["dup"] for one in self.gold}
        self.asked: Counter[str] = Counter()

    def reply(self, messages: Messages) -> str:
        """The pairs of the parts that a request holds."""
        text = "\n".join(message["content"] for message in messages)
        if "Summarize this document" in text:
            return "A document about several things."
        bare = _bare(messages[-1]["content"])
        held = {
            reply["id"]
            for reply in self._replies
            if sum(mark in bare for mark in reply["marks"]) * 2 > len(reply["marks"])
        }
        self.asked.update(held)
        pairs = [(one["question"], one["answer"]) for one in self.gold if one["reply"] in held]
        return written(pairs, text, "as asked")

    def judge(self, messages: Messages) -> str | None:
        """The verdicts on the pairs of a request to check some; None for other requests."""
        content = messages[-1]["content"]
        if _RATED in content:
            rows: Any = json.loads(content.partition(_RATED)[2])
            rows = [rows] if isinstance(rows, dict) else rows
            fine = [self._verdict(row["question"], row["answer"])[0] for row in rows]
            rated = [
                {**row, "rating": 9 if yes else 2} for row, yes in zip(rows, fine, strict=True)
            ]
            return json.dumps(rated, ensure_ascii=False)
        return answered(content, self._verdict, self._same)

    def score(self, pairs: Pairs) -> Counter[str]:
        """What a tool kept, in pairs; what it was never given is in neither count.

        Args:
            pairs: Those on disk.
        """
        kept = {(_bare(question), _bare(answer)) for question, answer in pairs}
        by_question = {question for question, _ in kept}
        once = Counter(_bare(one["question"]) for one in self.gold)
        given = [one for one in self.gold if self.asked[one["reply"]]]
        stays = {
            one["id"]: self._key(one) in kept
            or (once[_bare(one["question"])] == 1 and _bare(one["question"]) in by_question)
            for one in given
        }
        groups: dict[str, int] = defaultdict(int)
        for one in given:
            groups[one["dup"]] += stays[one["id"]]
        found = Counter[str]()
        for one in given:
            found[one["label"]] += 1
            if one["label"] == "good":
                found["good lost"] += not stays[one["id"]] and not groups.get(one["dup"] or "", 0)
            else:
                found["bad kept"] += stays[one["id"]]
        found["duplicates left"] = sum(max(0, n - 1) for group, n in groups.items() if group)
        found["never asked about"] = len(self.gold) - len(given)
        return found

    def _verdict(self, question: str, answer: str, _: str = "") -> tuple[bool, str, str]:
        # Of a pair that is not of the set, a planted error, a strong model says no.
        said = self._said.get((_bare(question), _bare(answer)), {"verdict": "no"})
        return said["verdict"] == "yes", said.get("quote", "") or answer, said.get("why", "no")

    def _same(self, one: tuple[str, str], other: tuple[str, str]) -> bool:
        groups = [self._groups.get((_bare(q), _bare(a))) for q, a in (one, other)]
        return bool(groups[0]) and groups[0] == groups[1]

    @staticmethod
    def _key(row: dict[str, Any]) -> tuple[str, str]:
        return _bare(row["question"]), _bare(row["answer"])


def carry_out(tool: Tool, programs: Path, data: Path) -> dict[str, Any]:
    """A tool's figures, with its own rules alone, and with a model's word where it has such a step.

    Args:
        tool: Which.
        programs: Of its environment.
        data: The folder of the set's folders.
    """
    ways = {"alone": False, "judged": True} if tool.name in _JUDGED else {"alone": False}
    found: dict[str, Any] = {}
    for way, judged in ways.items():
        total: Counter[str] = Counter()
        said: list[str] = []
        for folder in sorted(one.parent for one in data.glob("*/set.json")):
            figures, said = _once(tool, programs, folder, judged=judged)
            total += figures
        found[way] = {name: total[name] for name in _FIGURES} | {"said": said}
    return found


_JUDGED = ("synthetic-data-kit", "qa3")
_FIGURES = ("good", "good lost", "bad", "bad kept", "duplicates left", "never asked about")


def _once(
    tool: Tool, programs: Path, folder: Path, *, judged: bool
) -> tuple[Counter[str], list[str]]:
    labelled = Labelled(folder)
    with (
        tempfile.TemporaryDirectory() as place,
        Simulated(reply=labelled.reply, judge=labelled.judge, bound=lambda text: text) as server,
    ):
        work = Path(place) / "work"
        work.mkdir()
        documents = folder / "docs" if tool.name == "qa3" else _as_text(folder, Path(place))
        call = Call(
            documents, work, server.base_url, 8, size=SIZE, more=judged,
            options=(*_OPTIONS, "--check", "all" if judged else "off"),
        )  # fmt: skip
        ended = run(tool.commands(programs, call), work, list, longest=900)
        return labelled.score(read_safely(tool.read, work)), words(ended.output)


def _as_text(folder: Path, place: Path) -> Path:
    """The documents' text, in a folder of its own."""
    from loaders import load

    texts = place / "documents"
    texts.mkdir()
    for path in (folder / "docs").iterdir():
        text = "\n\n".join(document.page_content for document in load(str(path)))
        (texts / f"{path.stem}.txt").write_text(text, encoding="utf-8")
    return texts


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def main(arguments: Iterable[str]) -> None:
    """Prints one tool's figures: NAME PROGRAMS DATA."""
    from bench.peers_tools import TOOLS

    name, programs, data = arguments
    tool = next(one for one in TOOLS if one.name == name)
    print(json.dumps(carry_out(tool, Path(programs), Path(data)), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
