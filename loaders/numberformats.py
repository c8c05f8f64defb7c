"""Numbers as a spreadsheet shows them: percent, currency, dates, durations, 00007, 1 1/2."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from .formatcodes import LONGEST, Section, choose, sections
from .numerals import chinese

_MOST_DIGITS = 320
_LAST_DAY = 2_958_466
_MONTHS = ("January February March April May June July August September October November "
           "December").split()  # fmt: skip
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def plain_number(value: float) -> str:
    """A number without a format: all its digits as a person would type them.

    Args:
        value: The number.
    """
    return f"{value:.15g}" if abs(value) < 1e15 or value != int(value) else str(int(value))


def shown(value: float, code: str, *, since_1904: bool = False) -> str:
    """A number as its format shows it.

    Args:
        value: As it is stored.
        code: The format.
        since_1904: Whether days are counted from 1904.
    """
    if not code or code == "@" or code.lower() == "general" or len(code) > LONGEST:
        return plain_number(value)
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    section, signed = choose(sections(code), value)
    if section is None:
        return plain_number(value)
    try:
        if section.dated:
            return _date(value, section, since_1904)
        return _number(value if signed else abs(value), section)
    except (InvalidOperation, OverflowError, ValueError, ZeroDivisionError):
        return plain_number(value)


def _number(value: float, section: Section) -> str:
    tokens = list(section.tokens)
    kinds = [kind for kind, _ in tokens]
    sign = "-" if value < 0 else ""
    if "general" in kinds:
        number = _general(abs(value), section.script)
        return sign + "".join(number if kind == "general" else text for kind, text in tokens)
    if "digit" not in kinds:
        return "".join(text for kind, text in tokens if kind in ("text", "other"))
    amount = abs(Decimal(f"{value:.15g}")) * Decimal(100) ** kinds.count("percent")
    if "exponent" in kinds:
        return _scientific(amount, tokens, kinds, sign)
    if "slash" in kinds[kinds.index("digit") :]:
        return _fraction(amount, tokens, kinds, sign)
    written, is_zero = _digits(amount, tokens, kinds)
    shown_kinds = ("text", "other", "point", "percent", "slash", "at")
    parts = (
        written.get(at, text if kind in shown_kinds else "")
        for at, (kind, text) in enumerate(tokens)
    )  # fmt: skip
    text = "".join(parts).strip()
    return ("" if is_zero else sign) + _in_chinese(text, section.script)


def _general(value: float, script: int) -> str:
    if script and value == int(value) and value < 1e8:
        return _chinese(int(value), script)
    return plain_number(value)


def _digits(
    amount: Decimal, tokens: list[tuple[str, str]], kinds: list[str]
) -> tuple[dict[int, str], bool]:
    """The digits in the places of a format, and whether they are all zeros."""
    point = kinds.index("point") if "point" in kinds else len(kinds)
    whole = [at for at in range(point) if kinds[at] == "digit"]
    places = [at for at in range(point + 1, len(kinds)) if kinds[at] == "digit"]
    for last in {(whole or [-1])[-1], (places or [-1])[-1]}:
        after = last + 1
        while after < len(kinds) and kinds[after] == "comma":
            # A comma behind the last digit shows thousands.
            amount /= 1000
            after += 1
    grouped = bool(whole) and "comma" in kinds[whole[0] : whole[-1]]
    amount = amount.quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP)
    digits, _, decimals = f"{amount:f}".partition(".")
    written = _whole_digits(digits, tokens, whole, grouped)
    written |= _decimal_digits(decimals, tokens, places)
    if places and not any(written[at] for at in places):
        written[point] = ""
    return written, not amount


def _whole_digits(
    digits: str, tokens: list[tuple[str, str]], places: list[int], grouped: bool
) -> dict[int, str]:
    """The digits before the point in their places, filled from the right."""
    written: dict[int, str] = {}
    digits = digits.lstrip("0")[:_MOST_DIGITS]
    count = 0

    def with_comma(digit: str) -> str:
        nonlocal count
        count += 1
        return digit + ("," if grouped and count > 1 and count % 3 == 1 else "")

    for at in reversed(places):
        if digits:
            digit, digits = digits[-1], digits[:-1]
            written[at] = with_comma(digit)
        else:
            holder = tokens[at][1]
            written[at] = with_comma("0") if holder == "0" else ""
    if places and digits:
        lead = ""
        while digits:
            lead = with_comma(digits[-1]) + lead
            digits = digits[:-1]
        written[places[0]] = lead + written[places[0]]
    return written


def _decimal_digits(
    decimals: str, tokens: list[tuple[str, str]], places: list[int]
) -> dict[int, str]:
    written = dict(zip(places, decimals, strict=False))
    for at in reversed(places):
        if written.get(at, "0") != "0" or tokens[at][1] == "0":
            break
        written[at] = ""
    return written


def _scientific(amount: Decimal, tokens: list[tuple[str, str]], kinds: list[str], sign: str) -> str:
    at = kinds.index("exponent")
    point = kinds.index("point") if "point" in kinds[:at] else at
    places = kinds[point:at].count("digit")
    power = amount.adjusted() if amount else 0
    wide = max(kinds[:point].count("digit"), 1)
    power -= power % wide if wide > 1 else 0
    core = (amount.scaleb(-power)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if core >= 10**wide:
        core, power = core / 10**wide, power + wide
        core = core.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    shown_power = str(abs(power)).zfill(kinds[at:].count("digit"))
    mark = "-" if power < 0 else "+" if tokens[at][1].endswith("+") else ""
    return f"{sign}{core:f}E{mark}{shown_power}"


def _fraction(amount: Decimal, tokens: list[tuple[str, str]], kinds: list[str], sign: str) -> str:
    slash = kinds.index("slash")
    below = "".join(text for kind, text in tokens[slash + 1 :] if kind in ("digit", "other"))
    before = [at for at in range(slash) if kinds[at] == "digit"]
    groups = sum(at - 1 not in before for at in before)
    whole = int(amount) if groups > 1 else 0
    rest = amount - whole
    fixed = re.search(r"[1-9]\d*", below)
    if fixed:
        under = int(fixed[0])
        over = int((rest * under).quantize(Decimal(1), ROUND_HALF_UP))
    else:
        most = 10 ** max(min(kinds[slash + 1 :].count("digit"), 4), 1) - 1
        near = Fraction(str(rest)).limit_denominator(most)
        over, under = near.numerator, near.denominator
    if over == under and groups > 1:
        whole, over = whole + 1, 0
    if groups > 1 and not over:
        return f"{sign}{whole}"
    return f"{sign}{whole} {over}/{under}" if whole else f"{sign}{over}/{under}"


def _date(value: float, section: Section, since_1904: bool) -> str:
    if not 0 <= value < _LAST_DAY:
        if any(kind == "elapsed" for kind, _ in section.tokens) and value > -_LAST_DAY:
            return "-" + _date(-value, section, since_1904)
        return plain_number(value)
    tokens = section.tokens
    finest = max((len(text) for text in _second_parts(tokens)), default=0)
    moment = _moment(value, since_1904, finest)
    noon = any(kind == "noon" for kind, _ in tokens)
    seconds = round(value * 86400)
    out: list[str] = []
    after_point = False
    for at, (kind, text) in enumerate(tokens):
        if kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0]]
            out.append(str(seconds // unit).zfill(len(text)))
        elif kind == "noon":
            late = moment.hour >= 12
            first, last = text.split("/")
            out.append(last if late else first)
        elif kind == "date":
            out.append(_part(text.lower(), moment, noon, _is_minute(tokens, at), section.script))
        elif kind == "digit" and text == "0" and (after_point or tokens[at - 1][0] == "point"):
            if not after_point:
                fraction = f"{moment.microsecond / 1e6:.{finest}f}"[2:] if finest else ""
                out.append(fraction)
            after_point = True
            continue
        elif kind in ("text", "other", "slash", "point", "comma"):
            out.append(text)
        after_point = False
    return "".join(out).strip()


def _second_parts(tokens: tuple[tuple[str, str], ...]) -> list[str]:
    """The stretches of zeros behind a point: parts of a second."""
    written = "".join(
        "0" if kind == "digit" else "." if kind == "point" else "x" for kind, _ in tokens
    )
    return re.findall(r"(?<=\.)0{1,6}", written)


def _moment(value: float, since_1904: bool, places: int) -> datetime:
    if since_1904:
        begin = datetime(1904, 1, 1, tzinfo=timezone.utc)
    else:
        begin = (
            datetime(1899, 12, 30, tzinfo=timezone.utc)
            if value >= 60
            else datetime(1899, 12, 31, tzinfo=timezone.utc)
        )
    step = 10**places
    ticks = round(value * 86400 * step)
    return begin + timedelta(microseconds=ticks * (1_000_000 // step))


def _is_minute(tokens: tuple[tuple[str, str], ...], at: int) -> bool:
    """Whether an ``m`` counts minutes: behind hours or before seconds."""
    units = [
        (i, text[0].lower()) for i, (kind, text) in enumerate(tokens) if kind in ("date", "elapsed")
    ]
    place = next((n for n, (i, _) in enumerate(units) if i == at), None)
    if place is None or units[place][1] != "m":
        return False
    before = units[place - 1][1] if place else ""
    after = units[place + 1][1] if place + 1 < len(units) else ""
    return before == "h" or after == "s"


def _part(text: str, moment: datetime, noon: bool, minute: bool, script: int) -> str:
    unit, size = text[0], len(text)
    if unit in ("y", "e"):
        year = f"{moment.year:04d}" if size > 2 or unit == "e" else f"{moment.year % 100:02d}"
        return "".join(_chinese(int(d), script) for d in year) if script else year
    if unit == "m" and not minute:
        if size > 2:
            name = _MONTHS[moment.month - 1]
            return name[:3] if size == 3 else name[0] if size == 5 else name
        return _padded(moment.month, size, script)
    if unit == "d":
        if size > 2:
            name = _DAYS[moment.weekday()]
            return name[:3] if size == 3 else name
        return _padded(moment.day, size, script)
    if unit == "a":
        return ("星期" if size == 4 else "") + "一二三四五六日"[moment.weekday()]
    if unit == "h":
        hour = (moment.hour + 11) % 12 + 1 if noon else moment.hour
        return _padded(hour, size, script)
    if unit in ("m", "s"):
        return _padded(moment.minute if unit == "m" else moment.second, size, script)
    return ""


def _padded(number: int, size: int, script: int) -> str:
    return _chinese(number, script) if script else str(number).zfill(min(size, 2))


def _chinese(number: int, script: int) -> str:
    if script == 2:
        return chinese(number, "零壹贰叁肆伍陆柒捌玖", "拾佰仟")
    return chinese(number) if script == 1 else str(number)


def _in_chinese(text: str, script: int) -> str:
    """Digits in a text as Chinese numerals, one for each."""
    if script not in (1, 2):
        return text
    digits = "〇一二三四五六七八九" if script == 1 else "零壹贰叁肆伍陆柒捌玖"
    return "".join(digits[int(c)] if c in "0123456789" else c for c in text)
