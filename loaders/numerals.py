"""Numbers of lists and headings as they are shown: 1, a, iv, 一, ①, 甲."""

from __future__ import annotations

_DIGITS = "〇一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_CYCLES = {"甲": "甲乙丙丁戊己庚辛壬癸", "子": "子丑寅卯辰巳午未申酉戌亥"}


def numeral(number: int, form: str) -> str:
    """A number in a form that is named by how it writes one.

    Args:
        number: From 1.
        form: ``1``, ``a``, ``A``, ``i``, ``I``, ``一``, ``壹``, ``①``, ``１``, ``甲`` or ``子``,
            with or without what follows it in a series; digits where it is none of them.
    """
    sign = form[:1]
    if sign in ("a", "A"):
        text = letters(number)
        return text if sign == "a" else text.upper()
    if sign in ("i", "I"):
        text = roman(number)
        return text if sign == "i" else text.upper()
    if sign in ("一", "壹"):
        return chinese(number, formal=sign == "壹")
    if sign == "①" and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if sign == "１":
        return "".join(chr(ord(digit) - 0x30 + 0xFF10) for digit in str(number))
    if sign in _CYCLES:
        return _CYCLES[sign][(number - 1) % len(_CYCLES[sign])]
    return str(number)


def letters(number: int) -> str:
    """A to z, then aa, bb and so on, as word processors count."""
    if not 1 <= number <= 26 * 20:
        return str(number)
    return chr(0x61 + (number - 1) % 26) * ((number - 1) // 26 + 1)


def roman(number: int) -> str:
    """A Roman numeral in small letters; digits beyond 3999."""
    if not 1 <= number <= 3999:
        return str(number)
    out = []
    for value, sign in _ROMAN:
        while number >= value:
            out.append(sign)
            number -= value
    return "".join(out)


def chinese(number: int, *, formal: bool = False) -> str:
    """一, 十二, 二十, 一百零五 up to 9999; digits beyond."""
    if not 1 <= number <= 9999:
        return str(number)
    digits = _FORMAL if formal else _DIGITS
    units = ("", "拾", "佰", "仟") if formal else ("", "十", "百", "千")
    text, gap = "", False
    for at, digit in enumerate(f"{number:04}"):
        value = int(digit)
        if value:
            text += ("零" if gap and text else "") + digits[value] + units[3 - at]
        gap = not value
    teen = not formal and 10 <= number < 20
    return text.removeprefix("一") if teen else text
