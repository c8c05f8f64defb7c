"""Every format, read back by what people read it with."""

import csv
import json
import os
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loaders.records import Span
from pairs.errors import ExportError
from pairs.files.export import (
    check_writable,
    format_of,
    read_pairs,
    replace_files,
    split_by_document,
    write_pairs,
    written_files,
)
from pairs.files.formats import COLUMNS, FORMATS
from pairs.files.importing import import_pairs
from pairs.records import Evidence, QAPair

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
SURE = st.builds(
    Evidence,
    match=st.sampled_from(["exact", "normalised", "fuzzy", "supported"]),
    span=st.builds(lambda start, size: Span(start=start, end=start + size),
                   st.integers(0, 9999), st.integers(1, 99)),
    page=st.none() | st.integers(1, 99),
    quote=TEXT,
    sentence=TEXT,
    score=st.floats(0, 1),
    numbers_ok=st.booleans(),
)  # fmt: skip
PAIRS = st.builds(
    QAPair, question=TEXT, answer=TEXT, evidence=SURE | st.just(Evidence(match="none")),
    source=st.sampled_from(["a.pdf", "乙.md", ""]), page=st.none() | st.integers(1, 99),
    chunk_id=TEXT, model=TEXT, prompt=TEXT,
    verdict=st.sampled_from([None, "proven", "open", "refuted"]),
    verified=st.sampled_from([None, True, False]), objection=st.just("") | TEXT,
)  # fmt: skip


def pair(question: str, answer: str, source: str = "大桥.pdf") -> QAPair:
    span = Span(start=5, end=5 + len(answer))
    evidence = Evidence(
        match="exact", span=span, page=3, quote=answer, sentence=f"={answer}。", score=1
    )
    return QAPair(question=question, answer=answer, evidence=evidence, source=source, page=3)


TWO = [
    pair("大桥有多长？", "55公里，“全长”\n不含引桥"),
    pair("Who, then?", "=HYPERLINK(1)", "a.txt"),
]


@given(st.lists(PAIRS, max_size=6))
def test_jsonl_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[QAPair]
) -> None:
    file = tmp_path_factory.mktemp("out") / "list.jsonl"
    assert read_pairs(write_pairs(pairs, file)) == pairs


@given(st.lists(PAIRS, max_size=4), st.sampled_from(sorted(FORMATS)))
def test_any_list_can_be_written(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[QAPair], name: str
) -> None:
    folder = tmp_path_factory.mktemp("out")
    write_pairs(pairs, folder / "list", name, system="你是助手。")
    assert [file.name for file in folder.iterdir()] == ["list"]


def test_the_word_of_rules_and_judge_stands_where_there_is_one(tmp_path: Path) -> None:
    said = {"verdict": "proven", "verified": False, "objection": "答的是另一座桥 another bridge"}
    judged = TWO[0].model_copy(update=said)
    both = [judged, TWO[1]]
    for name in ("jsonl", "json", "alpaca", "sharegpt", "flat"):
        text = write_pairs(both, tmp_path / name, name).read_text("utf-8")
        rows = json.loads(text) if text[0] == "[" else [*map(json.loads, text.splitlines())]
        assert {key: rows[0][key] for key in said} == said, name
        assert not {"verdict", "objection"} & set(rows[1]), name
    with write_pairs(both, tmp_path / "l.csv").open(encoding="utf-8-sig", newline="") as lines:
        first, second = csv.DictReader(lines)
    assert [first[key] for key in said] == ["proven", "False", said["objection"]]
    assert [second[key] for key in said] == ["", "", ""]
    assert import_pairs(tmp_path / "jsonl") == both


def test_a_csv_file_is_read_by_the_standard_reader(tmp_path: Path) -> None:
    file = write_pairs(TWO, tmp_path / "list.csv")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == COLUMNS
    assert [row["question"] for row in rows] == ["大桥有多长？", "Who, then?"]
    assert rows[0]["answer"] == TWO[0].answer
    assert rows[0]["page"] == "3"


def _is_signed_number(cell: str) -> bool:
    """Whether there is nothing in it that could compute: a sign, then figures and their marks."""
    return cell[:1] in ("+", "-") and cell[1:2].isdigit() and set(cell[1:]) <= set("0123456789.,%")


@given(st.sampled_from("=+-@\t\r\n＝＋－＠"), st.sampled_from(["", " ", "\u3000", "\ufeff"]), TEXT)
@example("+", "", "0")
@example("-", "", "1-2")
@example("+", "\u3000", "0")
def test_no_cell_of_a_spreadsheet_runs(
    tmp_path_factory: pytest.TempPathFactory, sign: str, before: str, rest: str
) -> None:
    hostile = before + sign + rest
    folder = tmp_path_factory.mktemp("out")
    bad = [pair(hostile, hostile, hostile)]
    with write_pairs(bad, folder / "l.csv").open(encoding="utf-8-sig", newline="") as lines:
        for cell in list(csv.reader(lines))[1]:
            begins = cell.lstrip(" \u3000\ufeff")
            assert not begins.startswith(tuple("=+-@\t\r\n＝＋－＠")) or _is_signed_number(cell)
    book = openpyxl.load_workbook(write_pairs(bad, folder / "l.xlsx"))
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


def test_a_workbook_is_read_by_openpyxl(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write_pairs(TWO, tmp_path / "list.xlsx")).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == COLUMNS
    assert rows[1][:6] == ("大桥有多长？", TWO[0].answer, "大桥.pdf", 3, 5, 5 + len(TWO[0].answer))
    assert rows[2][1] == "=HYPERLINK(1)"


def test_a_workbook_holds_what_a_cell_may_hold(tmp_path: Path) -> None:
    long = pair("长" * 40_000, "\x00\uffff\x0b")
    sheet = openpyxl.load_workbook(write_pairs([long], tmp_path / "list.xlsx")).active
    assert len(sheet["A2"].value) == 32_767
    assert sheet["A2"].value.endswith("…")


@pytest.mark.parametrize("system", ["", "你是桥梁专家。"])
def test_alpaca_and_sharegpt_are_what_llama_factory_reads(tmp_path: Path, system: str) -> None:
    write_pairs(TWO, tmp_path / "a.json", "alpaca", system=system, describe=True)
    write_pairs(TWO, tmp_path / "s.json", "sharegpt", system=system, describe=True)
    info = json.loads((tmp_path / "dataset_info.json").read_text("utf-8"))
    assert set(info) == {"a", "s"}
    for entry in info.values():
        rows = json.loads((tmp_path / entry["file_name"]).read_text("utf-8"))
        assert all(column in rows[0] for column in entry["columns"].values())
        assert ("system" in entry["columns"]) is bool(system)
        assert rows[0]["source"] == "大桥.pdf"
    assert info["a"]["formatting"] == "alpaca"
    turns = json.loads((tmp_path / "s.json").read_text("utf-8"))[0][
        info["s"]["columns"]["messages"]
    ]
    assert [(turn["from"], turn["value"]) for turn in turns] == [
        ("human", TWO[0].question),
        ("gpt", TWO[0].answer),
    ]


def test_other_entries_of_a_dataset_list_stay(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text('{"mine": {"file_name": "x.json"}}', "utf-8")
    write_pairs(TWO, tmp_path / "a.json", "alpaca", describe=True)
    assert set(json.loads(info.read_text("utf-8"))) == {"mine", "a"}
    info.write_text("[1]", "utf-8")
    with pytest.raises(ExportError) as caught:
        write_pairs(TWO, tmp_path / "a.json", "alpaca", describe=True)
    assert caught.value.code == "export.info"
    assert info.read_text("utf-8") == "[1]"


def test_openai_lines_hold_messages_and_nothing_else(tmp_path: Path) -> None:
    file = write_pairs(TWO, tmp_path / "o.jsonl", "openai", system="Be brief.")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [list(row) for row in rows] == [["messages"], ["messages"]]
    assert [turn["role"] for turn in rows[0]["messages"]] == ["system", "user", "assistant"]


def test_flat_lines_are_query_and_response(tmp_path: Path) -> None:
    file = write_pairs(TWO, tmp_path / "f.jsonl", "flat")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [(row["query"], row["response"]) for row in rows] == [
        (one.question, one.answer) for one in TWO
    ]


def test_markdown_shows_texts_as_they_are(tmp_path: Path) -> None:
    file = write_pairs([pair("<b>什么*是*？", "# [a](b)")], tmp_path / "list.md")
    text = file.read_text("utf-8")
    assert "\\<b\\>什么\\*是\\*？" in text
    assert "\\# \\[a\\](b)" in text


@given(st.lists(PAIRS, max_size=20), st.floats(0, 0.9))
def test_a_split_loses_nothing_and_shares_no_document(pairs: list[QAPair], share: float) -> None:
    train, validation = split_by_document(pairs, share)
    assert sorted(map(repr, train + validation)) == sorted(map(repr, pairs))
    assert not {one.source for one in train} & {one.source for one in validation}
    assert train or not pairs


@given(st.lists(st.integers(1, 30), min_size=1, max_size=7), st.floats(0, 0.9))
def test_a_split_is_as_near_to_its_share_as_whole_documents_allow(
    sizes: list[int], share: float
) -> None:
    pairs = [
        pair(f"{n}.{m}?", "a", f"{n}.pdf") for n, size in enumerate(sizes) for m in range(size)
    ]
    validation = split_by_document(pairs, share)[1]
    chosen = [sum(part) for count in range(len(sizes)) for part in combinations(sizes, count)]
    nearest = min(abs(one - share * len(pairs)) for one in chosen)
    assert abs(len(validation) - share * len(pairs)) == nearest


def test_a_third_of_three_documents() -> None:
    pairs = [
        pair(f"{n}.{m}?", "a", n)
        for n, size in zip("abc", (15, 37, 3), strict=True)
        for m in range(size)
    ]
    assert list(map(len, split_by_document(pairs, 0.34))) == [37, 18]


def test_a_split_goes_to_two_files(tmp_path: Path) -> None:
    pairs = [pair(f"第{n}问？", f"{n}", f"{n % 5}.pdf") for n in range(50)]
    file = write_pairs(pairs, tmp_path / "list.jsonl", validation=0.2)
    second = written_files(file, 0.2)[1]
    assert (len(read_pairs(file)), len(read_pairs(second))) == (40, 10)


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "list.jsonl"
    file.write_text("old", "utf-8")

    def failing() -> list[QAPair]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_pairs((one for _ in [1] for one in failing()), file)
    assert file.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_of_several_files_none_is_replaced_where_one_cannot_be_written(tmp_path: Path) -> None:
    old, new, lost = tmp_path / "old.csv", tmp_path / "new.csv", tmp_path / "missing" / "lost.csv"
    old.write_text("old", "utf-8")
    told: list[tuple[Path, bytes, bool]] = []

    def before(file: Path, part: Path) -> None:
        told.append((file, part.read_bytes(), file.exists()))

    with pytest.raises(ExportError) as caught:
        replace_files([(old, [b"a"]), (new, [b"b"]), (lost, [b"c"])], before)
    assert str(lost) in caught.value.say()
    assert [one.name for one in tmp_path.iterdir()] == ["old.csv"]
    assert old.read_text("utf-8") == "old"
    assert told == []
    replace_files([(old, [b"a"]), (new, [b"b"])], before)
    assert told == [(old, b"a", True), (new, b"b", False)]
    assert (old.read_bytes(), new.read_bytes()) == (b"a", b"b")


def test_a_suffix_stands_for_the_first_format_that_has_it() -> None:
    stands = {".jsonl": "jsonl", ".csv": "csv", ".json": "alpaca", ".xlsx": "xlsx",
              ".md": "markdown", ".markdown": "markdown", ".MD": "markdown"}  # fmt: skip
    for suffix, name in stands.items():
        assert format_of(Path(f"a{suffix}")) == name


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    cases: dict[str, Callable[[], object]] = {
        "export.format": lambda: format_of(tmp_path / "list.docx"),
        "export.is_folder": lambda: check_writable(tmp_path),
        "export.no_folder": lambda: check_writable(tmp_path / "no" / "list.csv"),
        "export.write": lambda: write_pairs(TWO, tmp_path / "no" / "list.csv"),
        "export.read": lambda: read_pairs(tmp_path / "none.jsonl"),
    }
    for code, act in cases.items():
        with pytest.raises(ExportError) as caught:
            act()
        assert caught.value.code == code
    (tmp_path / "bad.jsonl").write_text(f"{TWO[0].model_dump_json()}\n{{}}\n", "utf-8")
    with pytest.raises(ExportError) as caught:
        read_pairs(tmp_path / "bad.jsonl")
    assert (caught.value.code, caught.value.fields["line"]) == ("export.line", 2)
    with pytest.raises(ValueError, match="share"):
        write_pairs(TWO, tmp_path / "list.csv", validation=2)


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "list.jsonl"
    os.mkfifo(pipe)
    with pytest.raises(ExportError) as caught:
        check_writable(pipe)
    assert caught.value.code == "export.no_file"


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_bare_files_hold_questions_and_answers_alone(form: str, tmp_path: Path) -> None:
    file = write_pairs(TWO, tmp_path / f"bare{FORMATS[form].suffixes[0]}", form, bare=True)
    if form == "xlsx":
        rows = openpyxl.load_workbook(file).active.iter_rows(values_only=True)
        told = json.dumps(list(rows), ensure_ascii=False)
    else:
        told = file.read_text("utf-8-sig")
    for pair_ in TWO:
        assert pair_.source not in told
    assert "大桥有多长" in told
    assert "evidence" not in told
