"""Lists made elsewhere: read whole, in any of their shapes, or refused with the row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairs.errors import ExportError
from pairs.files.export import write_pairs
from pairs.files.formats import FORMATS
from pairs.files.importing import import_pairs
from pairs.records import Evidence, QAPair

PLAIN = [("什么是索引？", "一种数据结构。"), ("=1+1 is what?", "2, of course;\n两行")]
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).map(
    lambda text: text.strip() or "字"
)


def pair(question: str, answer: str) -> QAPair:
    return QAPair(question=question, answer=answer, evidence=Evidence(match="none"))


def read(pairs: list[QAPair]) -> list[tuple[str, str]]:
    return [(one.question, one.answer) for one in pairs]


@pytest.mark.parametrize(
    ("name", "format_"), [(f"a{one.suffixes[0]}", one.name) for one in FORMATS.values()]
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(pairs=st.lists(st.tuples(words, words), min_size=1, max_size=4))
def test_what_we_write_is_read_back(
    name: str, format_: str, pairs: list[tuple[str, str]], tmp_path: Path
) -> None:
    given_pairs = [pair(question, answer) for question, answer in pairs]
    path = write_pairs(given_pairs, tmp_path / name, format_)
    back = import_pairs(path)
    if format_ == "jsonl":
        assert back == given_pairs
    elif format_ == "markdown":  # it has a line for each
        assert read(back) == [(" ".join(q.split()), " ".join(a.split())) for q, a in pairs]
    elif format_ == "xlsx":  # XML lacks two of all characters
        shown = str.maketrans(dict.fromkeys("\ufffe\uffff", "\ufffd"))
        assert read(back) == [(q.translate(shown), a.translate(shown)) for q, a in pairs]
    elif not any(text.startswith("'") for row in pairs for text in row):
        assert read(back) == pairs


@pytest.mark.parametrize("as_lines", [False, True])
@pytest.mark.parametrize(
    "shape",
    [
        lambda q, a: {"instruction": q, "input": "", "output": a},
        lambda q, a: {
            "conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]
        },
        lambda q, a: {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": q},
                {"role": "assistant", "content": a},
            ]
        },
        lambda q, a: {"问题": q, "答案": a},
    ],
)
def test_rows_of_others_are_read_from_arrays_and_lines(
    shape: object, as_lines: bool, tmp_path: Path
) -> None:
    assert callable(shape)
    rows = [shape(question, answer) for question, answer in PLAIN]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    file = tmp_path / "list.json"
    file.write_text(lines if as_lines else json.dumps(rows, indent=1), encoding="utf-8")
    assert read(import_pairs(file)) == PLAIN


def test_a_conversation_gives_each_question_with_its_answer(tmp_path: Path) -> None:
    turns = [("human", "一？"), ("gpt", "甲"), ("human", "two?"), ("gpt", "b")]
    row = {"conversations": [{"from": who, "value": said} for who, said in turns]}
    file = tmp_path / "list.jsonl"
    file.write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    assert read(import_pairs(file)) == [("一？", "甲"), ("two?", "b")]


def test_an_instruction_with_its_input_is_one_question(tmp_path: Path) -> None:
    file = tmp_path / "list.jsonl"
    row = {"instruction": "翻译成英文", "input": "你好", "output": "Hello"}
    file.write_text(json.dumps(row), encoding="utf-8")
    assert read(import_pairs(file)) == [("翻译成英文\n你好", "Hello")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_spreadsheets_csv_is_read_in_its_encoding(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    rows = "".join(f"{n},公司在哪里注册？第{n}次询问,注册地址在北京市海淀区\n" for n in range(9))
    file.write_bytes(("序号,问题,答案\n" + rows).encode(encoding))
    found = import_pairs(file)
    assert len(found) == 9
    assert read(found)[3] == ("公司在哪里注册？第3次询问", "注册地址在北京市海淀区")


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        ("", "import.no_list", None),
        ("[]", "import.no_list", None),
        ("name,age\na,3\n", "import.no_list", None),
        ("just a text about 数据库\n", "import.no_list", None),
        ('{"question": "a?", "answer": "b"}\n{"question": "a?"}\n', "import.row", 2),
        ('{"question": "a?", "answer": " "}', "import.row", 1),
        ('{"question": "a?", "answer": "b"}\n{"question"', "import.row", 2),
        ("[" * 100_000, "import.row", 1),
        ("[1, 2]", "import.row", 1),
        ("question,answer\n一？,甲\n二？,\n", "import.row", 3),
        ('[{"conversations": [{"from": "human", "value": "a?"}]}]', "import.row", 1),
        ('[{"conversations": [{"from": "gpt", "value": "a"}, 3]}]', "import.row", 1),
        ('{"question": "a?", "answer": "b", "evidence": {"match": "exact"}}', "import.row", 1),
    ],
)
def test_what_is_no_list_is_refused_with_the_row(
    content: str, code: str, row: int | None, tmp_path: Path
) -> None:
    file = tmp_path / "list.any"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ExportError) as wrong:
        import_pairs(file)
    assert wrong.value.code == code
    assert wrong.value.fields.get("row") == row
    assert str(file) in wrong.value.say("zh")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 50, None])
def test_what_cannot_be_read_is_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "list.jsonl"
    if content:
        file.write_bytes(content)
    with pytest.raises(ExportError):
        import_pairs(file)
