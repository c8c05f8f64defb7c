"""Makes test answers from gold ones: reformatted, rephrased as sentences, falsified."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "pairs" / "text" / "hanzi.json"

_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_NARROW = dict(zip(map(ord, "，。：；！？（）、“”"), ',.:;!?(),""', strict=True))
_TO_WIDE = {ord(narrow): wide for narrow, wide in zip(",:;!?()", "，：；！？（）", strict=True)}
_MARKS = re.compile(
    r"(?<!\d)[，,。、；;：:“”\"'‘’《》()（）]|[，,。、；;：:“”\"'‘’《》()（）](?!\d)"
)


def _width(text: str, _: random.Random) -> str:
    return text.translate(_WIDE)


def _spacing(text: str, chance: random.Random) -> str:
    if " " in text:
        return text.replace(" ", chance.choice(("  ", "\n", "\u00a0", "\u3000")))
    at = chance.randrange(len(text) + 1)
    split_number = 0 < at < len(text) and (text[at - 1] + text[at]).isascii()
    return text + " " if split_number else text[:at] + " " + text[at:]


def _case(text: str, _: random.Random) -> str:
    return text.swapcase()


def _punctuation(text: str, chance: random.Random) -> str:
    way = chance.randrange(3)
    if way == 0:
        return text.translate(_NARROW) + chance.choice(("。", ".", "，", ""))
    if way == 1:
        return re.sub(r"(?<!\d)[,:;!?()](?!\d)", lambda m: _TO_WIDE[ord(m[0])], text) + "。"
    return _MARKS.sub("", text) or text


def _hanzi() -> tuple[dict[int, str], dict[int, str]]:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    pairs = list(zip(table["traditional"], table["simplified"], strict=True))
    return {ord(t): s for t, s in pairs}, {ord(s): t for t, s in reversed(pairs)}


_TO_SIMPLE, _TO_TRADITIONAL = _hanzi()


def _script(text: str, _: random.Random) -> str:
    simple = text.translate(_TO_SIMPLE)
    return simple if simple != text else text.translate(_TO_TRADITIONAL)


DISTURBED: dict[str, Callable[[str, random.Random], str]] = {
    "width": _width,
    "spacing": _spacing,
    "case": _case,
    "punctuation": _punctuation,
    "script": _script,
}

_ZH_ASKS = re.compile(
    "(?:哪|那)(?:[一二两三四五六七八九十几]{0,2})(?:个|些|位|部|所|家|座|种|项|类|支|本|条|届|名|首|款|场|次)?"
    "|什么时候|甚麼時候|什麼時候|什么地方|什么|什麼|甚麼|多少|何时|何時|何处|何處|何地|何人|何種|何种|何"
    "|谁|誰|几(?=[个位部所家座种项类支本条届名首款场次年月日岁人])|幾(?=[個位部所家座種項類支本條屆名首年月日歲人])"
)
_ZH_LEFT_OUT = re.compile("为什么|為什麼|为何|為何|如何|怎|吗|嗎|是否|还是|還是")
_EN_ASKS = re.compile(
    r"^(?P<wh>(?:(?:in|on|at|to|from|by|of|for|with|during|under|through|about)\s+)?"
    r"(?:what|which|who|whom|whose|when|where|how many|how much)\b"
    r"(?P<noun>(?:\s+(?!is\b|are\b|was\b|were\b|did\b|does\b|do\b|has\b|have\b|had\b|can\b|could\b"
    r"|will\b|would\b|may\b|might\b|should\b)[\w'-]+){0,4}?))"
    r"\s+(?P<aux>is|are|was|were|did|does|do|has|have|had|can|could|will|would|may|might|should)\b"
    r"\s+(?P<rest>.+?)[\s?.]*$",
    re.IGNORECASE,
)
_EN_SUBJECT = re.compile(r"^(?:who|what|which\s+\w+)\s+(?P<rest>\w+.+?)[\s?.]*$", re.IGNORECASE)


def statement(question: str, answer: str, lang: str) -> str | None:
    """A question turned into a sentence with its answer in it; None where no rule fits."""
    if lang != "en":
        if _ZH_LEFT_OUT.search(question) or len(answer) > 40:
            return None
        asked = _ZH_ASKS.search(question)
        if asked is None:
            return None
        after = question[asked.end() :].rstrip("？? ")
        shared = next((n for n in (3, 2, 1) if after[:n] and answer.endswith(after[:n])), 0)
        before = question[: asked.start()]
        if before.endswith(answer[:1]):
            answer = answer[1:]
        return f"{before}{answer}{after[shared:]}。"
    answer = answer.rstrip(".")
    if asked := _EN_ASKS.match(question):
        helper = asked["aux"].lower()
        helping = "" if helper in ("did", "does", "do") else f" {helper}"
        return f"{asked['rest'][:1].upper()}{asked['rest'][1:]}{helping} {answer}."
    if asked := _EN_SUBJECT.match(question):
        return f"{answer} {asked['rest']}."
    return None


def _table(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs from ``one>other`` entries between semicolons."""
    split = (entry.strip().partition(">") for entry in text.split(";"))
    return tuple((one, other) for one, _, other in split)


_UNITS = _table(
    "公里>米; 千米>米; 厘米>毫米; 公顷>亩; 吨>公斤; 公斤>克; 平方公里>平方米;"
    "万>亿; 亿>万; 億>萬; 萬>億;"
    "小时>分钟; 天>小时; 个月>年; 岁>个月; 美元>日元; 元>美元; 米>公里; %>‰;"
    "kilometers>miles; miles>kilometers; km>mi; million>billion; billion>million;"
    "percent>dollars; feet>inches; hours>minutes; days>weeks; years>months; months>years;"
    "meters>feet; tons>pounds; pounds>dollars; acres>hectares; °C>°F"
)
_OPPOSED = _table(
    "不得>可以; 可以>不得; 高于>低于; 低于>高于; 以上>以下; 以下>以上; 超过>不足; 至少>至多;"
    "最大>最小; 最小>最大; 最高>最低; 最多>最少; 增加>减少; 减少>增加; 上升>下降; 下降>上升;"
    "之前>之后; 之后>之前; 大于>小于; 多于>少于; at least>at most; at most>at least;"
    "more than>less than; less than>more than; higher>lower; lower>higher; largest>smallest;"
    "increase>decrease; before>after; after>before; above>below; highest>lowest; larger>smaller"
)
_ZH_DENIED = re.compile(
    "(?:(?<![不还還也])是(?![否不])|能够|可以|允许|具有|属于|屬於|(?<!不)位于|位於|(?<!不)被|由(?![于於不]))"
)
_ZH_DENIES = re.compile(
    "(?<![是能会會要可得])不(?=[是能会會要可得])(?!得不)|(?<!有)没有|沒有|并未|(?<!并)未(?![来來必])"
)
_EN_DENIED = re.compile(r"\b(is|are|was|were|can|could|will|would|should|may|has|had)\b(?! not)")
_EN_DENIES = re.compile(r"\b(?:not|never|no)\s+")
_ZH_DIGITS = "一二三四五六七八九"


def _digit(text: str, chance: random.Random) -> str | None:
    spots = [at for at, char in enumerate(text) if char.isascii() and char.isdigit()]
    if not spots:
        return None
    at = chance.choice(spots)
    new = chance.choice([d for d in "123456789" if d != text[at]])
    return text[:at] + new + text[at + 1 :]


def _numeral(text: str, chance: random.Random) -> str | None:
    spots = [found.start(1) for found in _ZH_NUMERAL.finditer(text)]
    if not spots:
        return None
    at = chance.choice(spots)
    new = chance.choice([d for d in _ZH_DIGITS if d != text[at]])
    return text[:at] + new + text[at + 1 :]


_ZH_NUMERAL = re.compile("(?<![一-龥])([二三四五六七八九])(?=[个個年月日人次种種位名座条條])")
_MONTHS = "January February March April May June July August September October November December"
_MONTH = re.compile("|".join(_MONTHS.split()))


def _date(text: str, chance: random.Random) -> str | None:
    if found := _MONTH.search(text):
        other = chance.choice([month for month in _MONTHS.split() if month != found[0]])
        return text[: found.start()] + other + text[found.end() :]
    found = re.search(r"\d{1,4}(?=\s?[年月日])|\b1[0-9]{3}\b|\b20[0-9]{2}\b", text)
    if found is None:
        return None
    number = int(found[0])
    top = 12 if text[found.end() :].lstrip()[:1] == "月" else 28 if number <= 31 else 2100
    other_number = number % top + 1
    return text[: found.start()] + str(other_number) + text[found.end() :]


def _swapped(text: str, table: tuple[tuple[str, str], ...]) -> str | None:
    for one, other in table:
        latin = one.isascii() and one.isalpha()
        pattern = rf"(?<![A-Za-z]){re.escape(one)}(?![A-Za-z])" if latin else re.escape(one)
        found = re.search(pattern, text)
        if found:
            return text[: found.start()] + other + text[found.end() :]
    return None


def _unit(text: str, _: random.Random) -> str | None:
    found = re.search(r"[\d一二三四五六七八九十百千]\s?", text)
    if found is None:
        return None
    return next(
        (
            text[: hit.start(1)] + other + text[hit.end(1) :]
            for one, other in _UNITS
            if (
                hit := re.search(
                    rf"[\d一二三四五六七八九十百千万]\s?({re.escape(one)})(?![A-Za-z])", text
                )
            )
        ),
        None,
    )


def _negation(text: str, _: random.Random) -> str | None:
    for denies in (_ZH_DENIES, _EN_DENIES):
        if found := denies.search(text):
            return text[: found.start()] + text[found.end() :]
    if found := _ZH_DENIED.search(text):
        return f"{text[: found.start()]}不{text[found.start() :]}"
    if found := _EN_DENIED.search(text):
        return f"{text[: found.end()]} not{text[found.end() :]}"
    return None


ALTERED: dict[str, Callable[[str, random.Random], str | None]] = {
    "digit": _digit,
    "numeral": _numeral,
    "date": _date,
    "unit": _unit,
    "negation": _negation,
    "comparative": lambda text, _: _swapped(text, _OPPOSED),
}


def alterations(answer: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Each kind of alteration that an answer allows, and the altered answer."""
    for kind, alter in ALTERED.items():
        altered = alter(answer, chance)
        if altered and altered != answer:
            yield kind, altered
