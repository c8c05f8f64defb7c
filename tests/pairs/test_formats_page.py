"""The page about formats shows what is really written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from loaders.records import Span
from pairs.files.export import INFO, write_pairs
from pairs.files.formats import FORMATS
from pairs.records import Evidence, QAPair

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("formats.md", "formats.zh.md")
SENTENCE = (
    "大桥全长约55公里，于2009年12月15日动工，2018年10月24日上午9时正式通车，设计使用寿命为120年。"
)
SAMPLE = [
    QAPair(
        id="9f1c02d47ab3",
        question="港珠澳大桥全长是多少？",
        answer="55公里",
        evidence=Evidence(
            match="exact",
            span=Span(start=63, end=67),
            page=1,
            quote="55公里",
            sentence=SENTENCE,
            score=1,
        ),
        source="hzmb.pdf",
        page=1,
        chunk_id="f11ae747267de017",
        model="chatglm3-6b",
        prompt="04bcb204910a",
    ),
    QAPair(
        id="5b7e33a1c0de",
        question="Who commanded Apollo 11?",
        answer="Neil Armstrong",
        evidence=Evidence(
            match="exact",
            span=Span(start=431, end=445),
            page=1,
            quote="Neil Armstrong",
            sentence="Neil Armstrong was the commander.",
            score=1,
        ),
        source="apollo11.pdf",
        page=1,
        chunk_id="0c4be6c52a2f9d11",
        model="chatglm3-6b",
        prompt="04bcb204910a",
    ),
]
SYSTEM = "你是一名助教。"
ENDINGS = {"jsonl": "jsonl", "openai": "jsonl", "flat": "jsonl", "csv": "csv", "markdown": "md"}
TRAINERS = ("alpaca", "sharegpt", "openai", "flat")


def written(name: str, folder: Path) -> str:
    """What a format makes of the sample, as the page shows it."""
    file = folder / f"train.{ENDINGS.get(name, 'json')}"
    system = SYSTEM if name in TRAINERS else ""
    write_pairs(SAMPLE, file, name, system=system, describe=name in ("alpaca", "sharegpt"))
    return file.read_text("utf-8-sig").replace("\r\n", "\n").strip()


def shown(page: str) -> dict[str, str]:
    """The samples of a page by their names."""
    text = (DOCS / page).read_text("utf-8")
    found = re.findall(r"<!-- (\S+) -->\n```\w*\n(.*?)\n```", text, re.DOTALL)
    return dict(found)


@pytest.mark.parametrize("page", PAGES)
def test_every_sample_is_what_is_written(page: str, tmp_path: Path) -> None:
    samples = shown(page)
    assert set(samples) == {*FORMATS, INFO} - {"xlsx"}
    for name in set(FORMATS) - {"xlsx"}:
        folder = tmp_path / name
        folder.mkdir()
        assert samples[name] == written(name, folder), name
        if name == "sharegpt":
            assert json.loads(samples[INFO]) == json.loads((folder / INFO).read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_format_has_its_place(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    for name in FORMATS:
        assert f"`{name}`" in text
