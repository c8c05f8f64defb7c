"""Chinese numerals: their places in a flattened text, and their values."""

import re
from collections.abc import Iterator
from fractions import Fraction

from .records import Numeral

__all__ = ["chinese_numerals", "chinese_value", "worth"]

_DIGITS = (
    {char: value for value, char in enumerate("零一二三四五六七八九")}
    | {char: value for value, char in enumerate("〇壹贰叁肆伍陆柒捌玖")}
    | {"两": 2, "俩": 2, "弎": 3}
)
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8, "兆": 10**12}
_ALL = "".join(_DIGITS) + "".join(_SMALL) + "".join(_LARGE)


def chinese_value(word: str) -> Fraction | None:
    """The value of a Chinese numeral such as 二十三万 or 二〇二三; None where it is malformed.

    Args:
        word: Numeral characters only, with at most one 点.
    """
    whole, point, decimals = word.partition("点")
    if point:
        if not decimals or any(char not in _DIGITS for char in decimals):
            return None
        before = chinese_value(whole)
        behind = "".join(str(_DIGITS[char]) for char in decimals)
        return None if before is None else before + Fraction(int(behind), 10 ** len(behind))
    if all(char in _DIGITS for char in whole):
        return Fraction(int("".join(str(_DIGITS[char]) for char in whole))) if whole else None
    return _grouped(whole)


def _grouped(word: str) -> Fraction | None:
    """The value of a numeral with place words (十, 百, 千, 万, 亿)."""
    total = section = 0
    digit: int | None = None
    last = 10**20
    for char in word:
        if char in _DIGITS:
            if digit and char not in "零〇":
                return None
            digit = _DIGITS[char]
        elif char in _SMALL:
            if _SMALL[char] >= last:
                return None
            last = _SMALL[char]
            section += (1 if digit is None else digit) * last
            digit = None
        else:
            section += digit or 0
            if not section and not total:
                return None
            total = (
                (total + section) * _LARGE[char]
                if total < _LARGE[char]
                else (total + section * _LARGE[char])
            )
            section, digit, last = 0, None, 10**20
    tail = digit or 0
    # 三万五 is short for 35000, 二百五 for 250.
    if tail and len(word) > 1 and word[-2] in "百千万亿佰仟":
        tail *= {**_SMALL, **_LARGE}[word[-2]] // 10
    return Fraction(total + section + tail)


# Classifiers and units: a single Chinese digit is a number only before one of them.
_COUNTERS = (
    "个位名种类座条项家所次届款部年月日号天周岁张首支只本篇章节卷期辆台艘架匹头棵株朵块片层楼间栋幢组对双"
    "套份件级等代度场局站集季人口户队班校国省市区县镇村州岛者方面派系门科目线路段步倍成分秒时点小米里公千百万亿"
    "元角毛块美英欧日毫厘吨克斤两升亩顷平立马词字句行列排声音把杯瓶碗盘箱包袋粒颗滴枚顶根股笔束群批伙帮"
    "堆串副幅封道阶轮拍枪炮发幕出曲折世纪甲大侧边旁端岸地极院室处局厂店星角球档环极核缸轴轨卦经书史宗"
    "冠晚夜旬刻钟届年度月份星期礼拜圈趟遍回番顿餐盏扇堵尊"
)
_SET_WORDS = re.compile(
    # Set words in which 一 and other digits are no numbers.
    r"一(?:些|下|点儿|点(?!\d|[一二三四五六七八九十零〇]|钟)|定|样|般|直|起|旦|向|致|切|共|并|再|度|系列|带|体|生|旁"
    r"|时|行|律|味|举|齐|同|概|流|贯|线|手|身|面|路|方面|边|端|大(?!.{0,2}类)|道|番|经|心|口气|世|门|代(?!码))"
    r"|二(?:手|胡|战|次元|人转|氧|维|期|线|流|代|房|货|话|婚|本|中|郎|甲|虎|师兄|锅|奶)"
    r"|两(?:广|湖|江|汉|晋|宋|周|性|栖|岸|手|地|面|口|立|会)"
    r"|三(?:国|角|亚|峡|星|明|门|字经|江|大爷|里屯|轮|文|生|藏|清|味|班)|四(?:川|季|书|面|处|方|大发明|轮|分卫)"
    r"|五(?:行|金|官|角|台山|粮|四|环|岳|谷|星红|代十国|经)|六(?:合|盘|安|朝|书|艺)|七(?:夕|喜|律|绝|星|国)"
    r"|八(?:卦|达|角|路军|股|仙|旗|字|方)|九(?:龙|江|华|寨|州|大行星|章|歌|品|段线|国)"
    r"|十(?:分(?!之|钟|[一二三四五六七八九])|字|足|全|方|大元帅|字路)"
)
_ROUND_AFTER = re.compile("[余多]?[日天两斤石名亩]|[余多]?里(?!马)|[余多]个|余[人年枝支只匹]")
"""What makes a number of a single 百 or 千: 百日, 千余里."""
_PART_BEFORE = frozenset("几数上成老姓")
_NO_NUMBER_AFTER = "统唯惟单划万同专逐任某另每这那哪之"

_RUN = re.compile(f"第?[{_ALL}]{{1,32}}(?:点[零〇一二三四五六七八九]{{1,20}})?")


def chinese_numerals(text: str) -> Iterator[Numeral]:
    """The Chinese numerals in order, without those inside words such as 一定 or 三国.

    Args:
        text: Half width, lower case, simplified.
    """
    for run in _RUN.finditer(text):
        found = _chinese_numeral(text, run.start(), run.end())
        if found is not None:
            yield found


def _chinese_numeral(text: str, start: int, end: int) -> Numeral | None:
    """The numeral that a run of numeral characters is; None where it is part of a word."""
    word = text[start:end]
    ordinal = word.startswith("第")
    core = word[1:] if ordinal else word
    if ordinal:
        value = chinese_value(core) if core else None
        return None if value is None else Numeral(start, end, value, ordinal=True)
    before = text[start - 1] if start else ""
    if before and (before.isdigit() or before in "几数多"):
        return None
    if not _is_number(core, before, text[end : end + 4], text[start : end + 3]):
        return None
    value = chinese_value(core)
    return None if value is None else Numeral(start, end, value, ordinal=False)


def _is_number(core: str, before: str, after: str, here: str) -> bool:
    """Whether a run of numeral characters is a number in its context, not part of a word."""
    if len(core) == 1:
        if core in "百千" and _ROUND_AFTER.match(after):
            return before not in _PART_BEFORE
        if core in "百千万亿兆拾佰仟零〇":
            return False
        if core == "一" and (before and before in _NO_NUMBER_AFTER):
            return False
        return not _SET_WORDS.match(here) and bool(after) and after[0] in _COUNTERS
    if core in ("万一", "万万", "千万", "千百", "百万", "亿万", "百千", "一一", "千千万万", "万千"):
        return False
    if all(char in _DIGITS for char in core):
        # 三四个 is an approximation; 二三年 and 一九八四 are spelt digit by digit.
        return len(core) >= 3 or "〇" in core or "零" in core or after[:1] == "年"
    return core[0] in _DIGITS or core[0] in "十拾" or len(core) > 2


def worth(word: str | None) -> Fraction | None:
    """The value of digits or of a Chinese numeral; None for None.

    Args:
        word: Such as 12 or 十二.
    """
    if word is None:
        return None
    return Fraction(int(word)) if word.isdigit() else chinese_value(word)
