"""Replies in which a model repeats itself are found; orderly ones are not."""

from __future__ import annotations

import pytest

from chains.llm.loops import ending_repeats, pairs_repeat


@pytest.mark.parametrize(
    "text",
    [
        "Q: How long is it?\nA: 55 km.\nQ: Who built it?\nA: We.\n" * 3,
        "问：大桥有多长？\n答：约55公里。\n问：大桥在哪里？\n答：伶仃洋。\n" * 3,
        "".join(f"Q{n}: What is part {n}?\nA{n}: A tunnel.\n" for n in range(1, 6)),
        "Q: How many?\nA: 1" + "0" * 300,
        "Q: Why?\nA: " + "because of the wind and the water " * 40,
        "A: yes" + " " * 400,
    ],
)
def test_pairs_that_repeat_are_seen(text: str) -> None:
    assert pairs_repeat(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "".join(f"Q: What is part {n}?\nA: It is {n} km long.\n" for n in range(1, 30)),
        "问：大桥有多长？\n答：约55公里。\n问：隧道有多长？\n答：约6.7公里。\n",
        "Q: Is it long?\nA: Yes.\nQ: Is it new?\nA: Yes.\nQ: Who built it?\nA: A team.\n",
    ],
)
def test_orderly_pairs_are_no_loop(text: str) -> None:
    assert not pairs_repeat(text)


@pytest.mark.parametrize(
    "text",
    [
        "好的。" + "大桥全长约55公里，" * 40,
        "It is 1" + "0" * 300,
        "".join(f"{n}. 大桥位于珠江口外的伶仃洋上。\n" for n in range(1, 9)) + "9",
        "The bridge is long and it is very beautiful. " * 12,
    ],
)
def test_a_loop_is_seen(text: str) -> None:
    assert ending_repeats(text)


@pytest.mark.parametrize(
    "text",
    [
        "大桥由桥梁、海底隧道和人工岛组成，" + "".join(f"第{n}段长{n * 3}米；" for n in range(60)),
        "| a | b |\n|---|---|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(60)),
        "-" * 80 + "\nA title\n" + "-" * 80,
        "1. 北京\n2. 上海\n3. 广州\n4. 深圳\n5. 珠海\n6. 澳门\n",
        "",
        "a",
    ],
)
def test_an_orderly_text_is_no_loop(text: str) -> None:
    assert not ending_repeats(text)
