"""What a reader sees of a model's words: no template tokens, no thoughts, no endless loops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.chat.visible_text import Speech, goes_round

PARTS = st.sampled_from(
    [
        "<|im_end|>",
        "<|user|>",
        "<|assistant|>",
        "<|im_start|>assistant\n",
        "<|im_start|>user",
        "[gMASK]<sop>",
        "</s>",
        "<think>",
        "</think>",
        "<",
        "[1]",
        "[",
        "a < b",
        "\n",
        "Question: ",
        "\n用户：",
        "港珠澳大桥全长约55公里。",
        "It was opened in 1890. ",
        "Assistant: ",
        "答：",
        " ",
        "\r\n",
        "\ud800",
        "\x1b[31m",
    ]
)


def heard(pieces: list[str], *, one_answer: bool) -> str:
    speech = Speech(one_answer=one_answer)
    said = "".join([speech.take(piece) for piece in pieces] + [speech.finish()])
    assert said == speech.text
    return said


@given(st.lists(PARTS, max_size=12), st.data(), st.booleans())
def test_how_a_reply_is_cut_into_pieces_changes_nothing(
    parts: list[str], data: st.DataObject, one_answer: bool
) -> None:
    whole = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    at_once = heard([whole], one_answer=one_answer)
    assert heard(pieces, one_answer=one_answer) == at_once


@given(st.lists(PARTS, max_size=12))
def test_no_token_of_a_template_is_ever_shown(parts: list[str]) -> None:
    said = heard(parts, one_answer=False)
    for token in ("<|im_end|>", "<|user|>", "<|assistant|>", "[gMASK]", "</s>", "\x1b"):
        assert token not in said


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("全长55公里。<|user|>还有呢？", "全长55公里。"),
        ("It is 55 km long.<|im_end|>\n<|im_start|>user\nThanks", "It is 55 km long."),
        ("[gMASK]<sop><|assistant|>\n 全长55公里。</s>", "全长55公里。"),
        ("Assistant: It was opened in 1890.", "It was opened in 1890."),
        ("答：全长55公里。", "全长55公里。"),
        ("<think>The user asks. </think>\nIn 1890.", "In 1890."),
        ("<think>想一想……", ""),
        ("if a < b and b > c: 见[1]和[2]", "if a < b and b > c: 见[1]和[2]"),
        ("数组 a[0", "数组 a[0"),
        ("One\n\nTwo", "One\n\nTwo"),
    ],
)
def test_leaks_are_taken_out_and_the_rest_is_left(raw: str, shown: str) -> None:
    assert heard(list(raw), one_answer=False) == shown
    assert heard([raw], one_answer=True) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("全长55公里[1]。\n问题：何时通车？\n回答：2018年", "全长55公里[1]。"),
        ("In 1890 [1].\nQuestion: And who built it?", "In 1890 [1]."),
        ("分两步：\n第一步，沉放。\n第二步，对接。", "分两步：\n第一步，沉放。\n第二步，对接。"),
    ],
)
def test_from_documents_a_model_answers_once(raw: str, shown: str) -> None:
    assert heard(list(raw), one_answer=True) == shown
    free = heard(list(raw), one_answer=False)
    assert free == raw  # who asks for questions gets them


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
    assert goes_round(text)


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
    assert not goes_round(text)
