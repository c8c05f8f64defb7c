"""Lists merged into one: nothing lost, nothing embedded twice, nothing of the user's replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chains.embedding.load import NamedEmbeddings
from chains.embedding.packaged import PackagedEmbeddings
from chains.journal.replies import Journal
from chains.run.merge import merge
from chains.settings import Settings
from cli.main import run

ALPACA = [
    {"instruction": "什么是数据库索引？", "input": "", "output": "一种加快查询的数据结构。"},
    {"instruction": "2022年的营收是多少？", "input": "", "output": "12亿元"},
]
CSV = (
    "question,answer\n请问什么是数据库索引,一种加快查询的数据结构。\n2023年的营收是多少？,15亿元\n"
)
SHAREGPT = {
    "conversations": [
        {"from": "human", "value": "Who landed on the Moon first?"},
        {"from": "gpt", "value": "Neil Armstrong"},
        {"from": "human", "value": "Who was first to land on the Moon?"},
        {"from": "gpt", "value": "Neil Armstrong"},
    ]
}


class Counting(PackagedEmbeddings):
    """Remembers how many texts were embedded."""

    asked = 0

    def encode(self, texts: list[str]) -> object:  # type: ignore[override]  # only counted
        """One row a text."""
        self.asked += len(texts)
        return super().encode(texts)


@pytest.fixture
def lists(tmp_path: Path) -> list[str]:
    contents = {
        "a.json": json.dumps(ALPACA, ensure_ascii=False),
        "b.csv": CSV,
        "c.jsonl": json.dumps(SHAREGPT),
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return [str(tmp_path / name) for name in contents]


def test_every_pair_is_kept_or_a_duplicate_and_earlier_lists_win(
    lists: list[str], tmp_path: Path
) -> None:
    counting = Counting()
    named = NamedEmbeddings("counting", counting, 0.8)
    with Journal(tmp_path / "journal.sqlite") as journal:
        merged = merge(lists, Settings(), journal, embeddings=named)
        assert counting.asked == 6
        again = merge(lists, Settings(threshold=0.999), journal, embeddings=named)
        assert counting.asked == 6  # another threshold costs no embedding
    questions = [pair.question for pair in merged.kept]
    assert questions[:3] == ["什么是数据库索引？", "2022年的营收是多少？", "2023年的营收是多少？"]
    assert len(merged.kept) + len(merged.duplicates) == 6
    assert {one.kind for one in merged.duplicates} == {"exact", "semantic"}
    assert merged.embeddings == "counting"
    assert len(again.kept) == 5


def test_the_command_merges_writes_and_replaces_only_when_told(
    lists: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "one.jsonl"
    command = ["dedupe", *lists, "-o", str(output), "--embeddings", "lexical"]
    assert run(command) == 0
    assert len(output.read_text(encoding="utf-8").splitlines()) == 5
    assert "lexical" in capsys.readouterr().err
    output.write_text("mine\n", encoding="utf-8")
    assert run(command) == 2
    assert "--force" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "mine\n"
    assert run([*command, "--force", "--threshold", "0.5"]) == 0
    assert output.read_text(encoding="utf-8") != "mine\n"


def test_a_list_that_cannot_be_read_writes_nothing(
    lists: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"question": "一？", "answer": "甲"}\n{"question": "二？"}\n', "utf-8")
    output = tmp_path / "one.csv"
    assert run(["--lang", "zh", "dedupe", *lists, str(broken), "-o", str(output)]) == 2
    assert "第 2 行" in capsys.readouterr().err
    assert not output.exists()
