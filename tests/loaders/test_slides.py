"""Slides are read as they are shown, and say what was left out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from loaders import load

BOX = (Inches(1), Inches(2), Inches(5), Inches(2))


def read(path: Path, include: Collection[str] = ()) -> tuple[str, dict[str, int]]:
    pages = list(load(path, include=include))
    said = pages[-1].metadata.get("warnings", [])
    counts = {one["code"][14:]: one["fields"]["count"] for one in said}
    return "\n\n".join(page.page_content for page in pages).strip(), counts


def deck(path: Path) -> Path:
    slides = Presentation()

    def slide(title: str) -> Any:
        one = slides.slides.add_slide(slides.slide_layouts[5])
        one.shapes.title.text = title
        return one

    table = slide("合并").shapes.add_table(3, 3, *BOX).table
    for at, text in enumerate(("地区", "品名", "数量", "North", "Cable", "12", "", "Hub", "7")):
        table.cell(at // 3, at % 3).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    data: Any = CategoryChartData(  # type: ignore[no-untyped-call]  # python-pptx has no types
        number_format="0.0%"
    )
    data.categories = ["一季度", "Q2"]
    data.add_series("增长", (0.125, 0.5))
    slide("Chart").shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data)
    grouped = slide("Group")
    group = grouped.shapes.add_group_shape()
    group.shapes.add_textbox(*BOX).text_frame.text = "in a group"
    run = grouped.shapes.add_textbox(*BOX).text_frame.paragraphs[0].add_run()
    run.text = "2"
    run.font._element.set("baseline", "30000")
    grouped.notes_slide.notes_text_frame.text = "讲稿"
    slide("旧计划")._element.set("show", "0")
    slides.save(str(path))
    return path


def test_a_deck_as_it_is_shown(tmp_path: Path) -> None:
    path = deck(tmp_path / "a.pptx")
    text, counts = read(path)
    assert "| North | Cable | 12 |\n| North | Hub | 7 |" in text
    assert "|  | 增长 |\n| --- | --- |\n| 一季度 | 12.5% |\n| Q2 | 50.0% |" in text
    assert text.endswith("# Group\n\nin a group\n\n²\n\n讲稿")
    assert counts == {"slides": 1}
    text, counts = read(path, ["hidden"])
    assert text.endswith("# 旧计划")
    assert counts == {}
