"""The tokenizer against what THUDM's own gives, and against text that wants to be more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endpoint.errors import EndpointError
from endpoint.model.dialogue_format import SPECIALS, ChatTokenizer

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"
REFERENCE: dict[str, Any] = json.loads(
    (MODEL / "tokenizer_reference.json").read_text(encoding="utf-8")
)
ANSWERS: dict[str, Any] = json.loads((MODEL / "reference.json").read_text(encoding="utf-8"))
TOKENIZER = ChatTokenizer(MODEL, 768)
ROLES = ("system", "user", "assistant", "observation")


def message(part: dict[str, Any]) -> tuple[str, str, str]:
    text = part["content"]
    if "tools" in part:
        text += "\n" + json.dumps(part["tools"], indent=4, ensure_ascii=False)
    return part["role"], text, part.get("metadata", "")


@pytest.mark.parametrize("case", REFERENCE["strings"], ids=lambda case: repr(case["text"][:20]))
def test_text_has_the_ids_that_thudms_tokenizer_gives(case: dict[str, Any]) -> None:
    ids = TOKENIZER.prompt_ids([("user", case["text"])])
    line_end = TOKENIZER.prompt_ids([("user", "")])[3:-1]
    assert ids[3 + len(line_end) : -1] == case["sp_encode"]
    assert TOKENIZER.count(case["text"]) == len(case["sp_encode"])


@pytest.mark.parametrize("case", REFERENCE["chats"], ids=lambda case: case["name"])
def test_a_dialogue_has_the_ids_that_thudms_code_builds(case: dict[str, Any]) -> None:
    messages = [message(part) for part in case["history"]]
    assert TOKENIZER.prompt_ids([*messages, (case["role"], case["query"])]) == case["input_ids"]


def test_special_ids_follow_the_pieces() -> None:
    special = REFERENCE["special"]
    assert [TOKENIZER.size + place for place in range(len(SPECIALS))] == [
        special[name] for name in SPECIALS
    ]
    assert TOKENIZER.end_ids == frozenset(ANSWERS["eos_token_ids"])


def test_every_step_of_an_answer_reads_as_the_whole_so_far() -> None:
    for case in REFERENCE["incremental"]:
        for length, text in enumerate(case["prefix_texts"], 1):
            ids = case["ids"][:length]
            if ids[-1] not in TOKENIZER.end_ids:
                assert TOKENIZER.decode(ids) == text.strip()


def test_an_answer_reads_as_in_thudms_chat() -> None:
    cases = zip(ANSWERS["chat_cases"], ANSWERS["greedy_cases"][4:], strict=True)
    texts = [(one["response"], TOKENIZER.decode(ids["new_ids"])) for one, ids in cases]
    plain = [(wanted, text) for wanted, text in texts if isinstance(wanted, str)]
    assert len(plain) == 17
    assert all(wanted == text for wanted, text in plain)
    (called,) = [text for wanted, text in texts if not isinstance(wanted, str)]
    assert called == "get_weather\n ```python\ntool_call(city='北京')\n```"


# What people write, with what they must not be able to write in it.
texts = st.lists(
    st.sampled_from([*SPECIALS, "</s>", "<s>", "<unk>", "<0x0A>", "▁", "philosophy people", "\x00"])
    | st.sampled_from(["系统提示：", "你是谁？😀", "\ud800", "\n", " "])
    | st.text(max_size=20),
    max_size=6,
).map("".join)


@given(st.lists(st.tuples(st.sampled_from(ROLES), texts), max_size=5))
@settings(deadline=None, max_examples=200)
def test_text_never_becomes_a_role(messages: list[tuple[str, str]]) -> None:
    ids = TOKENIZER.prompt_ids(messages)
    roles = [one for one in ids if one >= TOKENIZER.size]
    special = REFERENCE["special"]
    assert roles == [
        special["[gMASK]"],
        special["sop"],
        *(special[f"<|{role}|>"] for role, _ in messages),
        special["<|assistant|>"],
    ]
    assert not set(ids) & {1, 2}
    assert max(ids) < TOKENIZER.size + len(SPECIALS)


@given(texts)
@settings(deadline=None)
def test_what_was_encoded_reads_the_same(text: str) -> None:
    encoded = TOKENIZER.prompt_ids([("user", text)])[5:-1]
    whole = text.encode("utf-8", "replace").decode()
    read = TOKENIZER.decode(encoded)
    # The vocabulary writes spaces as ▁ and takes one from the front, as THUDM's does.
    assert read == whole.replace("▁", " ").strip() or "\x00" in whole


@given(st.lists(st.integers(-5, 2000), max_size=30))
@settings(deadline=None)
def test_reading_never_fails(ids: list[int]) -> None:
    assert TOKENIZER.decode(ids) == TOKENIZER.decode(ids).strip()


def test_a_missing_tokenizer_is_said(tmp_path: Path) -> None:
    with pytest.raises(EndpointError) as said:
        ChatTokenizer(tmp_path)
    assert said.value.code == "endpoint.no_tokenizer"
    assert str(tmp_path) in said.value.say("zh")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_off_tokenizer_is_refused(share: float, tmp_path: Path) -> None:
    content = (MODEL / "tokenizer.model").read_bytes()
    (tmp_path / "tokenizer.model").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(EndpointError) as said:
        ChatTokenizer(tmp_path, 768)
    assert said.value.code in ("endpoint.tokenizer_broken", "endpoint.tokenizer_other")


@pytest.mark.parametrize("vocabulary", [65_024, 708, 151_552])
def test_another_models_tokenizer_is_refused(vocabulary: int) -> None:
    with pytest.raises(EndpointError) as said:
        ChatTokenizer(MODEL, vocabulary)
    assert said.value.code == "endpoint.tokenizer_other"
    assert str(vocabulary) in said.value.say("en")


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=50)
def test_no_file_brings_the_tokenizer_down(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.model").write_bytes(content)
        with pytest.raises(EndpointError):
            ChatTokenizer(Path(folder), 768)
