"""Character clean-up: radicals and ligatures folded, mis-decoded text recovered."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from .plausibility import PLAUSIBLE, is_unreadable, plausibility

# Kangxi and supplementary radicals, compatibility Han, Latin and Arabic presentation forms.
_FOLDED = ((0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFB4F), (0x2F800, 0x2FA1F))
# Supplementary radicals that Unicode gives no compatibility mapping but fonts use for the word.
_RADICALS = {
    "⺁": "厂", "⺇": "几", "⺌": "小", "⺎": "兀", "⺏": "尣", "⺐": "尢", "⺑": "尣", "⺒": "巳",
    "⺓": "幺", "⺛": "旡", "⺝": "月", "⺟": "母", "⺠": "民", "⺩": "王", "⺫": "目", "⺬": "示",
    "⺯": "糸", "⺱": "网", "⺶": "羊", "⺸": "羊", "⺻": "聿", "⺼": "肉", "⻁": "虎", "⻂": "衣",
    "⻃": "西", "⻄": "西", "⻅": "见", "⻆": "角", "⻇": "角", "⻉": "贝", "⻋": "车", "⻑": "长",
    "⻒": "镸", "⻓": "长", "⻔": "门", "⻗": "雨", "⻘": "青", "⻙": "韦", "⻚": "页", "⻛": "风",
    "⻜": "飞", "⻝": "食", "⻢": "马", "⻣": "骨", "⻤": "鬼", "⻥": "鱼", "⻦": "鸟", "⻧": "卤",
    "⻨": "麦", "⻩": "黄", "⻬": "齐", "⻮": "齿", "⻰": "龙", "⻳": "龟",
}  # fmt: skip
_HIGH = re.compile("[\x80-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2,}")
HAN = "\u3400-\u9fff"
"""Chinese characters, as they stand in a class of a regular expression."""
_SET_SOLID = f"{HAN}\u3000-\u303f\uff01-\uff5e…"
_SPACED_HAN = re.compile(f"(?<=[{_SET_SOLID}]) (?=[{_SET_SOLID}])")
_HAN_SIGN = re.compile(f"[{_SET_SOLID}]")
_BAD = re.compile("[\x00-\x08\ufffd\ue000-\uf8ff]")
# Typesetting draws an accent before its letter; both are one character.
_ACCENTED = re.compile("([¨´ˆ˜ˇ¸])([A-Za-zı])")
# Older typesetting fonts name their ff ligature after the arrow in its place.
_MISNAMED_FF = re.compile("(?<=[A-Za-z])↵(?=[a-z])")
_ACCENTS = {
    "¨": "\u0308",
    "´": "\u0301",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "¸": "\u0327",
}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\ufffe\uffff]")


@cache
def _folds() -> dict[int, str]:
    table = {}
    for first, last in _FOLDED:
        for point in range(first, last + 1):
            folded = unicodedata.normalize("NFKC", chr(point))
            if folded != chr(point):
                table[point] = folded
    table.update({ord(radical): plain for radical, plain in _RADICALS.items()})
    table[0xAD] = ""
    table[0xA0] = " "
    return table


def fold(text: str) -> str:
    """The text with radicals, ligatures and other compatibility forms replaced.

    Full-width letters, superscripts and the like keep their form: they carry meaning.
    """
    if text.isascii() and text.isprintable():
        return text
    if not text.isascii():
        text = _MISNAMED_FF.sub("ff", text)
        text = _ACCENTED.sub(_compose, text.translate(_folds()))
    return _CONTROL.sub("", text)


def _compose(match: re.Match[str]) -> str:
    letter = {"ı": "i"}.get(match[2], match[2])
    whole = unicodedata.normalize("NFC", letter + _ACCENTS[match[1]])
    return whole if len(whole) == 1 else match[0]


def close_up(text: str) -> str:
    """The line without the blanks between Han characters, where nearly all are letter-spaced."""
    if text.isascii():
        return text
    gaps = len(_SPACED_HAN.findall(text))
    if gaps < 3 or gaps < 0.6 * (len(_HAN_SIGN.findall(text)) - 1):
        return text
    return _SPACED_HAN.sub("", text)


def is_garbled(text: str) -> bool:
    """Whether text is mis-decoded: private use, replacement characters, stray Latin-1."""
    if len(text) < 20 or text.isascii():
        return False
    bad = len(_BAD.findall(text))
    high = sum(len(run) for run in _HIGH.findall(text))
    return bad > 0.1 * len(text) or (high > 0.3 * len(text) and plausibility(text) < PLAUSIBLE)


def recover(text: str) -> str | None:
    """Text whose bytes or glyph numbers were taken for characters, read again; None on failure.

    The bytes are GBK, Big5 or UTF-8 read as Latin-1; glyphs are numbered as in most TrueType
    fonts, from the blank, which is the third.
    """
    if text.isascii():
        again = "".join(chr(ord(sign) + 29) if " " < sign < "b" else sign for sign in text)
        return None if again == text or is_unreadable(again) else again
    for misread in ("latin-1", "cp1252"):
        for encoding in ("gb18030", "big5", "utf-8"):
            try:
                again = text.encode(misread).decode(encoding)
            except UnicodeError:
                continue
            if plausibility(again) >= PLAUSIBLE:
                return again
    return None


def whole_characters(text: str) -> str:
    """A text of whole characters: halves of surrogate pairs joined, lone ones replaced by U+FFFD.

    JSON and PDF files can carry them, and neither SQLite nor an HTTP request takes them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def whole(value: Any) -> Any:
    """The value with ``whole_characters`` applied to every text in it, recursively.

    Args:
        value: A text, or lists, tuples and dicts of texts; anything else comes back as it is.
    """
    if isinstance(value, str):
        return whole_characters(value)
    if type(value) in (list, tuple):
        return type(value)(map(whole, value))
    if type(value) is dict:
        return {whole(key): whole(member) for key, member in value.items()}
    return value
