"""What a reader sees of a model's words: no template tokens, no thoughts, no endless loops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.chat.visible_text import Speech

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
