"""The yes or no that an answer begins with, apart from the sentence behind it."""

import re
from typing import NamedTuple

from loaders.characters import HAN

from .flat import flatten
from .question_words import has_question_word, may_name_its_answer

__all__ = ["Polarity", "answers_no_such_question", "asks_yes_or_no", "asserted", "polarity"]

_MODAL_ZH = (
    "是|能够?|可以?|会|有|要|用|需要?|必须?|必要|应该?|应当|行|对|得|准|一定|允许|支持|属于|存在|正确"
    "|完全是|当然"
)
_LEAD_ZH = re.compile(
    rf"(?:(?P<no>并?[不没未非]|尚未|暂不|否|错误?|未必)(?:{_MODAL_ZH})?(?:必须|必要)?|(?:{_MODAL_ZH}|肯定))"
    r"(?:的|了|啊|这样)?的?\s*(?:[,.;:!。]|$)\s*"
)
_LEAD_EN = re.compile(
    r"(?:(?P<no>no|nope|not (?:necessarily|always|exactly|quite|really|at all)|incorrect|false"
    r"|never)|yes|yep|yeah|indeed|correct|true|right|certainly|of course)"
    r"(?:\s*(?:[,;:!.]|-+\s)|$)\s*"
)
_NUMBER_SIGN = re.compile(r"no\.\s?\d")
_ASKING_ZH = re.compile(
    rf"^(?:请问)?|[吗么吧呢？?。\s]+$|是否|能否|可否|是不是|能不能|会不会|可不可以|有没有|([{HAN}])[不没](?=\1)"
)
_POLAR_ZH = re.compile(
    rf"吗\s*[?。]?$|是否|能否|可否|会否|是不是|可不可以|有没有|([{HAN}])[不没]\1"
)
# Said in passing or at the end: 可以吗，为什么？ 很长吧？ 到了没有？
_POLAR_ELSEWHERE_ZH = re.compile(
    r"吗|有无|难道|(?:(?<![什怎多那这要])么|(?<![酒网贴水])吧|没有|[对是好]不)\s*[?。]?$"
)
_AUXILIARY = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had)"
    r"(?:n't)?\b",
    re.IGNORECASE,
)
_POLAR_ELSEWHERE_EN = re.compile(
    rf", (?:{_AUXILIARY.pattern}|(?:right|correct|true)\s*\?)|\b(?:whether|if)\b", re.IGNORECASE
)
_ASKING_EN = re.compile(rf"^{_AUXILIARY.pattern}|\?")


class Polarity(NamedTuple):
    """Whether an answer says yes, and where the sentence behind that begins."""

    yes: bool
    end: int


def polarity(question: str, answer: str) -> Polarity | None:
    """The yes or no that an answer to such a question begins with; None without one.

    Args:
        question: Its own words decide whether yes or no is an answer at all.
        answer: The model's wording.
    """
    flat = flatten(answer)
    lead = _LEAD_ZH.match(flat) or (None if _NUMBER_SIGN.match(flat) else _LEAD_EN.match(flat))
    if lead is None or not (asks_yes_or_no(question) or may_name_its_answer(question)):
        return None
    return Polarity(lead["no"] is None, lead.end())


def asks_yes_or_no(question: str) -> bool:
    """Whether a question asks for yes or no: 能否转让？ Is it new?

    Args:
        question: In Chinese or English.
    """
    flat = flatten(question).strip()
    return bool(_AUXILIARY.match(flat) or _POLAR_ZH.search(flat))


def answers_no_such_question(question: str, answer: str, told: str) -> bool:
    """Whether an answer is nothing but yes or no, and its question asks for neither.

    Args:
        question: In Chinese or English.
        answer: The model's wording.
        told: The source's sentences; which or 哪 may ask for a yes that stands there alone.
    """
    flat = flatten(answer).strip()
    lead = _LEAD_ZH.match(flat) or _LEAD_EN.match(flat)
    if lead is None or lead.end() < len(flat) or asks_yes_or_no(question):
        return False
    asked = flatten(question)
    if _POLAR_ELSEWHERE_ZH.search(asked) or _POLAR_ELSEWHERE_EN.search(asked):
        return False
    bare = flat.strip(" .!。")
    if may_name_its_answer(question) and bare in asked:
        return False
    cell = rf"(?<!\w){re.escape(bare)}(?!\w)"
    return not (has_question_word(question) and re.search(cell, flatten(told)))


def asserted(question: str) -> str:
    """What a question asserts that asks for yes or no, flattened: 是否, 吗 and the like left out.

    Args:
        question: In Chinese or English.
    """
    flat = flatten(question).strip()
    return _ASKING_EN.sub("", _ASKING_ZH.sub("", flat)).strip()
