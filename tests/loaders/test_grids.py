"""Rows of cells become tables whose names stand over their values, merged cells included."""

from __future__ import annotations

import pytest

from loaders.grids import Cell, Span, continues, grid_text, is_number, table_text

C = Cell

MERGED = {
    "a value over rows stands in each": (
        [
            [C("Region"), C("Site"), C("t")],
            [C("North", 1, 2), C("Port"), C("3")],
            [C("Hub"), C("7")],
        ],
        "| Region | Site | t |\n| --- | --- | --- |\n| North | Port | 3 |\n| North | Hub | 7 |",
    ),
    "a cell over two columns stands in both": (
        [[C("地区"), C("一"), C("二")], [C("华南"), C("合计50", 2)], [C("华北"), C("1"), C("2")]],
        "| 地区 | 一 | 二 |\n| --- | --- | --- |\n| 华南 | 合计50 | 合计50 |\n| 华北 | 1 | 2 |",
    ),
    "two rows of names, a title above and a note below": (
        [
            [C("表一", 3)],
            [C("地区", 1, 2), C("销售额", 2)],
            [C("2023"), C("2024")],
            [C("华北"), C("1"), C("2")],
            [C("注：单位为万元", 3)],
        ],
        (
            "表一\n\n| 地区 | 销售额 2023 | 销售额 2024 |\n| --- | --- | --- |\n| 华北 | 1 | 2 |"
            "\n\n注：单位为万元"
        ),
    ),
    "a row over the whole table is no value of every column": (
        [[C("Item"), C("Q1")], [C("Assets", 2)], [C("cash"), C("1")], [C("land"), C("2")]],
        "| Item | Q1 |\n| --- | --- |\n| Assets |  |\n| cash | 1 |\n| land | 2 |",
    ),
    "one group of names over words": (
        [[C("时间"), C("上午", 2)], [C("一"), C("数学"), C("语文")], [C("二"), C("停课", 2)]],
        "| 时间 | 上午 | 上午 |\n| --- | --- | --- |\n| 一 | 数学 | 语文 |\n| 二 | 停课 | 停课 |",
    ),
}


@pytest.mark.parametrize("kind", MERGED)
def test_merged_cells(kind: str) -> None:
    cells, text = MERGED[kind]
    assert table_text(cells) == text


PLAIN = {
    "notes above the names": (
        [["Crops"], ["source", "FAO"], ["year", "wheat", "oats"], ["2001", "3", "4"]],
        "Crops\nsource FAO\n\n| year | wheat | oats |\n| --- | --- | --- |\n| 2001 | 3 | 4 |",
    ),
    "groups of names without merged cells": (
        [["地区", "收", "", "利润"], ["", "上年", "今年", "今年"], ["北", "1", "2", "3"]],
        "| 地区 | 收 上年 | 收 今年 | 利润 今年 |\n| --- | --- | --- | --- |\n| 北 | 1 | 2 | 3 |",
    ),
    "the first row as ever": ([["a", "b"], ["1", "2"]], "| a | b |\n| --- | --- |\n| 1 | 2 |"),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_column_names_are_found(kind: str) -> None:
    rows, text = PLAIN[kind]
    assert grid_text(rows) == text


def test_the_file_may_say_how_many_rows_are_names() -> None:
    assert table_text([[C("k"), C("甲", 2)], [C("n"), C("x"), C("y")], [C("1")] * 3], header=2) == (
        "| k n | 甲 x | 甲 y |\n| --- | --- | --- |\n| 1 | 1 | 1 |"
    )


def test_merged_cells_cannot_swell_a_table() -> None:
    many = [[C("x" * 50, 1000, 65_534) for _ in range(50)] for _ in range(200)]
    assert len(table_text(many)) < 10_000_000
    spans = [Span(0, 0, 10**6, 10**4)] * 100
    assert len(grid_text([["x" * 80] * 3] * 3, spans)) < 10_000_000


def test_a_gap_does_not_end_a_table() -> None:
    above = [["name", "sum"], ["a", "1"], ["b", "2"]]
    assert continues(above, [["c", "3"]])
    assert not continues(above, [["town", "people"], ["x", "4"]])
    assert not continues(above, [["c", "3", "4"]])


@pytest.mark.parametrize("text", ["12", "1,234.5", "-3", "(7)", "36.35%", "¥50,000", "$ 3"])
def test_amounts(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["2024", "1998年", "Q1", "甲", ""])
def test_no_amounts(text: str) -> None:
    assert not is_number(text)
