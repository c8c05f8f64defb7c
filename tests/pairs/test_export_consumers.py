"""Every export read as those read it who are to use it: pandas, trainers, the OpenAI package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from loaders.records import Span
from pairs.files.export import read_pairs, write_pairs, written_files
from pairs.files.formats import COLUMNS
from pairs.files.importing import import_pairs
from pairs.records import Evidence, QAPair

SYSTEMS = ["", "你是桥梁专家。", "You know bridges: {all} of them.\n"]
FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "＝1+1",
    "#N/A",
    "NULL",
]


def pair(question: str, answer: str, source: str = "桥.pdf", page: int | None = 3) -> QAPair:
    evidence = Evidence(
        match="exact", span=Span(start=5, end=9), page=page, quote=answer, sentence=f"{answer}。"
    )
    return QAPair(
        question=question, answer=answer, evidence=evidence, source=source, page=page, id="0"
    )


LIST = [
    pair("赵州桥有多长？", "64.4米，“全长”\n不含引桥"),
    pair("Who built it, and when?", 'Li Chun; "605"', "b.txt", None),
    pair("=HYPERLINK(1)", "𝟙😀 \\n,;\t|"),
    QAPair(question="没有依据？", answer="0012", evidence=Evidence(match="none"), source="b.txt"),
    pair("NA", "1e5"),
]
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30)


def rows(file: Path) -> list[dict[str, Any]]:
    text = file.read_text("utf-8")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    found: list[dict[str, Any]] = json.loads(text)
    return found


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_pandas_reads_spreadsheets(suffix: str, tmp_path: Path) -> None:
    file = write_pairs(LIST, tmp_path / f"表.{suffix}")
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False}
    table = pd.read_csv(file, **options) if suffix == "csv" else pd.read_excel(file, **options)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(LIST)
    mark = "'" if suffix == "csv" else ""
    for row, one in zip(table.to_dict("records"), LIST, strict=True):
        guarded = mark if one.question.startswith("=") else ""
        assert row["question"] == guarded + one.question
        # A cell of a workbook holds no carriage return but keeps lines.
        assert row["answer"] == one.answer
        assert row["source"] == one.source
        assert row["page"] == ("" if one.page is None else str(one.page))
        assert row["match"] == one.evidence.match
    numbers = pd.read_csv(file) if suffix == "csv" else pd.read_excel(file)
    assert list(numbers["start"].dropna()) == [5, 5, 5, 5]
    assert numbers["numbers_ok"].all()


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_no_text_becomes_a_formula_or_is_lost(suffix: str, formula: str, tmp_path: Path) -> None:
    file = write_pairs([pair(formula, formula, formula)], tmp_path / f"l.{suffix}")
    if suffix == "csv":
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        texts = [table.loc[0, name] for name in ("question", "answer", "source", "evidence")]
        assert not any(str(text).lstrip(" ")[:1] in set("=+-@\t＝") for text in texts)
        assert all(str(text).removeprefix("'").startswith(formula) for text in texts)
        return
    import openpyxl

    sheet = openpyxl.load_workbook(file).active
    assert {cell.data_type for cell in sheet[2]} <= {"s", "n", "b"}
    assert sheet["A2"].value == formula
    table = pd.read_excel(file, keep_default_na=False)
    assert str(table.loc[0, "answer"]) == formula


@given(question=TEXT, answer=TEXT, source=TEXT)
def test_a_csv_file_of_ours_comes_back_through_pandas(
    question: str, answer: str, source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = write_pairs([pair(question, answer, source)], tmp_path_factory.mktemp("o") / "l.csv")
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    for name, text in (("question", question), ("answer", answer), ("source", source)):
        assert table.loc[0, name] in (text, "'" + text)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", ["alpaca", "sharegpt"])
def test_llama_factory_reads_what_its_documentation_asks_for(
    name: str, system: str, tmp_path: Path
) -> None:
    files = written_files(tmp_path / "桥.json", 0.4)
    write_pairs(LIST, files[0], name, system=system, validation=0.4, describe=True)
    # It opens the list of data sets in the encoding of the machine, so it must be plain ASCII.
    info = json.loads((tmp_path / "dataset_info.json").read_text("ascii"))
    assert set(info) == {"桥", "桥.validation"}
    read = [turn for data in info for turn in _as_llama_factory(tmp_path, info[data])]
    wanted = [(system, one.question, one.answer) for one in LIST]
    assert sorted(read) == sorted(wanted)


def _as_llama_factory(folder: Path, entry: dict[str, Any]) -> list[tuple[str, str, str]]:
    """System, prompt and response of each row, by the rules of its data/README.md."""
    assert set(entry) <= {"file_name", "formatting", "columns", "tags"}
    columns = entry["columns"]
    read = []
    for row in rows(folder / entry["file_name"]):
        system = row[columns["system"]] if "system" in columns else ""
        if entry["formatting"] == "alpaca":
            assert set(columns) <= {"prompt", "query", "response", "system", "history"}
            asked = [row[columns["prompt"]], row[columns["query"]]]
            prompt, response = "\n".join(filter(None, asked)), row[columns["response"]]
        else:
            assert entry["formatting"] == "sharegpt"
            assert set(columns) <= {"messages", "system", "tools"}
            turns = row[columns["messages"]]
            # The default tags: from human to gpt by turns, an even number of them.
            assert [turn["from"] for turn in turns] == ["human", "gpt"]
            prompt, response = (turn["value"] for turn in turns)
        assert isinstance(response, str)
        read.append((system, prompt, response))
    return read


@pytest.mark.parametrize("name", ["alpaca", "sharegpt", "flat"])
def test_a_column_is_of_one_type_in_all_rows(name: str, tmp_path: Path) -> None:
    # Trainers load files into tables whose columns each have one type.
    file = write_pairs(LIST, tmp_path / ("l.jsonl" if name == "flat" else "l.json"), name)
    found = rows(file)
    assert len({tuple(row) for row in found}) == 1
    for column in found[0]:
        kinds = {type(row[column]) for row in found if row[column] is not None}
        assert len(kinds) <= 1, column


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_openai_package_knows_the_messages(system: str, tmp_path: Path) -> None:
    from openai.types.chat import ChatCompletionMessageParam

    file = write_pairs(LIST, tmp_path / "l.jsonl", "openai", system=system)
    message = TypeAdapter(list[ChatCompletionMessageParam])
    for row, one in zip(rows(file), LIST, strict=True):
        assert set(row) == {"messages"}
        turns = message.validate_python(row["messages"], extra="forbid")
        assert [turn["role"] for turn in turns] == [*["system"] * bool(system), "user", "assistant"]
        contents = [turn["content"] for turn in row["messages"]]
        assert contents == [*([system] if system else []), one.question, one.answer]


@pytest.mark.parametrize("system", SYSTEMS)
def test_ms_swift_reads_flat_rows_as_they_are(system: str, tmp_path: Path) -> None:
    # The columns it knows by these names; where two mean the same, it takes neither.
    meanings = {
        "system": {"system", "system_prompt"},
        "query": {"query", "prompt", "input", "instruction", "question", "problem"},
        "response": {
            "response", "answer", "output", "targets", "target", "answer_key", "answers",
            "solution", "text", "completion", "content",
        },
    }  # fmt: skip
    foreign = {"messages", "history", "images", "videos", "audios", "tools", "label", "channel"}
    file = write_pairs(LIST, tmp_path / "l.jsonl", "flat", system=system)
    for row, one in zip(rows(file), LIST, strict=True):
        known = {name: [key for key in row if key in keys] for name, keys in meanings.items()}
        assert known["query"] == ["query"]
        assert known["response"] == ["response"]
        assert known["system"] == ["system"] * bool(system)
        assert not foreign & set(row)
        assert (row["query"], row["response"]) == (one.question, one.answer)
        assert row.get("system", "") == system
        assert row["source"] == one.source


@pytest.mark.parametrize("name", ["jsonl", "json", "csv", "alpaca", "sharegpt"])
def test_our_own_import_reads_our_exports(name: str, tmp_path: Path) -> None:
    suffix = {"jsonl": "jsonl", "csv": "csv"}.get(name, "json")
    file = write_pairs(LIST, tmp_path / f"l.{suffix}", name)
    read = [(one.question, one.answer) for one in import_pairs(file)]
    assert read == [(one.question, one.answer) for one in LIST]
    if name == "jsonl":
        assert read_pairs(file) == LIST


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_guarded_cell_comes_back_as_it_was(formula: str, tmp_path: Path) -> None:
    file = write_pairs([pair(f"{formula}？", formula)], tmp_path / "l.csv")
    (one,) = import_pairs(file)
    assert (one.question, one.answer) == (f"{formula.strip()}？", formula.strip())


def test_markdown_keeps_every_pair_and_its_passage(tmp_path: Path) -> None:
    text = write_pairs(LIST, tmp_path / "l.md").read_text("utf-8")
    numbered = [line for line in text.splitlines() if line[:1].isdigit()]
    assert len(numbered) == len(LIST)
    assert "赵州桥有多长？" in numbered[0]
    assert text.count("   > ") == sum(bool(one.evidence.sentence) for one in LIST)


@pytest.mark.parametrize(
    ("answer", "cell"),
    [("-12.5", "-12.5"), ("+1,200%", "+1,200%"), ("-12 °C", "'-12 °C"), ("-1+2", "'-1+2")],
)
def test_a_number_is_a_number_in_a_spreadsheet(answer: str, cell: str, tmp_path: Path) -> None:
    file = write_pairs([pair("?", answer)], tmp_path / "l.csv")
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert table.loc[0, "answer"] == cell
    assert import_pairs(file)[0].answer == answer
