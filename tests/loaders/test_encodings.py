"""Bytes become text in the encoding that explains them, or are refused."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import LoadError, load
from loaders.encoding import Decoded, decode

CHINESE = (
    "本办法所称数据，是指任何以电子或者其他方式对信息的记录。开展数据处理活动，应当遵守法律、"
    "法规，尊重社会公德和伦理，不得危害国家安全、公共利益，不得损害个人、组织的合法权益。\n"
    "第二条　国家建立数据分类分级保护制度，根据数据在经济社会发展中的重要程度进行保护。\n"
)
TRADITIONAL = (
    "本辦法所稱資料，是指任何以電子或者其他方式對資訊的記錄。開展資料處理活動，應當遵守法律、"
    "法規，尊重社會公德和倫理，不得危害國家安全、公共利益，不得損害個人、組織的合法權益。\n"
)
ENGLISH = "The café's naïve résumé cost £12; she didn't mind. It was, after all, déjà vu.\n" * 3
RUSSIAN = "Каждый человек имеет право на жизнь, на свободу и на личную неприкосновенность.\n" * 4
JAPANESE = (
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。\n" * 3
)
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.\n" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "gb18030"),
        (CHINESE, "gbk"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        (CHINESE, "utf-32-le"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "gb18030"),
        (ENGLISH, "cp1252"),
        (ENGLISH, "latin-1"),
        (ENGLISH, "utf-16-le"),
        (ENGLISH, "utf-16-be"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
    ],
)
def test_text_is_read_in_its_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
def test_byte_order_mark_decides_and_is_no_text(mark: bytes, encoding: str, text: str) -> None:
    decoded = decode(mark + text.encode(encoding), "a.txt")
    assert decoded == Decoded(text, encoding)


@given(st.integers(30, 400), st.sampled_from(["gb18030", "utf-8", "utf-16-le"]), st.integers(0, 90))
@settings(max_examples=60, deadline=None)
def test_any_stretch_of_chinese_is_read_back(length: int, encoding: str, start: int) -> None:
    text = (CHINESE * 4)[start : start + length]
    assert decode(text.encode(encoding), "a.txt").text == text


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_become_text_or_a_load_error(data: bytes) -> None:
    refusal = None
    try:
        decoded = decode(data, "a.txt")
    except LoadError as error:
        refusal = error
    if refusal:
        assert "a.txt" in refusal.say("en")
        assert "a.txt" in refusal.say("zh")
    else:
        assert "\0" not in decoded.text
        assert decoded.text.encode("utf-8") is not None


def test_few_broken_bytes_do_not_flip_a_utf8_file() -> None:
    data = bytearray((CHINESE * 20).encode("utf-8"))
    for at in (300, 2400, 5000):
        data[at : at + 1] = b"\xff"
    decoded = decode(bytes(data), "a.txt")
    assert decoded.encoding == "utf-8"
    assert decoded.text.count("国家安全") >= 17
    assert decoded.warnings[0]["code"] == "load.broken_bytes"
    assert decoded.text.count("\ufffd") == decoded.warnings[0]["fields"]["count"]


def test_two_encodings_in_one_file_are_each_read_and_reported() -> None:
    data = (CHINESE * 3).encode("utf-8") + (CHINESE * 3).encode("gb18030")
    decoded = decode(data, "a.txt")
    assert decoded.text == CHINESE * 6
    assert [note["code"] for note in decoded.warnings] == ["load.mixed_encodings"]


@pytest.mark.parametrize(("text", "encoding"), [(CHINESE * 5, "utf-8"), (ENGLISH * 5, "cp1252")])
def test_stray_nul_bytes_are_taken_out_and_counted(text: str, encoding: str) -> None:
    data = text.replace("\n", "\n\0").encode(encoding)
    decoded = decode(data, "a.txt")
    assert decoded.text == text
    note = decoded.warnings[0]
    assert (note["code"], note["fields"]["count"]) == ("load.nul_bytes", text.count("\n"))


def test_line_ends_become_line_feeds() -> None:
    assert decode("一\r\n二\rthree\n".encode(), "a.txt").text == "一\n二\nthree\n"


def test_noise_is_refused_with_the_place() -> None:
    noise = bytes((at * 197 + at // 7 * 31) % 256 for at in range(4000))
    with pytest.raises(LoadError) as caught:
        decode(noise, "噪声.txt")
    assert caught.value.code in ("load.encoding", "load.not_text")


def test_encoding_stands_in_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "规定.txt"
    path.write_bytes(CHINESE.encode("gbk"))
    (document,) = load(path)
    assert document.page_content == CHINESE
    assert document.metadata["encoding"] == "gb18030"
    assert document.metadata["source"] == str(path)


@pytest.mark.parametrize(("right", "wrong"), [("utf-8", "latin-1"), ("gbk", "latin-1")])
def test_text_that_was_saved_misread_is_recovered(right: str, wrong: str) -> None:
    data = CHINESE.encode(right).decode(wrong).encode("utf-8")
    decoded = decode(data, "a.txt")
    assert decoded.text == CHINESE
    assert [note["code"] for note in decoded.warnings] == ["load.text_recovered"]


def test_text_of_private_characters_is_reported() -> None:
    decoded = decode(("\ue001\ue002 some words " * 30).encode(), "a.txt")
    assert [note["code"] for note in decoded.warnings] == ["load.text_garbled"]
