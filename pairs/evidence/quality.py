"""Reasons against a pair: what a reader would throw out at sight."""

from __future__ import annotations

import re
from typing import Literal

from loaders.characters import HAN

from ..records import Evidence
from ..text.boundaries import stands_in
from ..text.context_dependence import leans
from ..text.flat import simplified
from ..text.normalise import normalise

_ASKS_ZH = re.compile(
    "什么|甚么|啥|谁|哪|几|多少|多[长高大久重远宽深厚快小]|如何|怎|何|是否|吗|呢|么[？?]"
    "|能否|可否|有无|有没有|是不是|能不能|会不会|可不可|还是"
)
_TELLS_ZH = re.compile(
    "^(?:请|试)?(?:简述|简要|描述|说明|解释|列举|列出|概述|阐述|介绍|说出|比较|分析)"
)
_ASKS_EN = re.compile(
    r"\b(?:what|who|whom|whose|when|where|which|why|how)\b"
    r"|(?:^|, )(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may"
    r"|might|must)\b",
    re.IGNORECASE,
)
_TELLS_EN = re.compile(
    r"^(?:please\s+)?(?:name|list|describe|explain|state|define|give|identify|summari[sz]e"
    r"|compare|discuss|outline|tell)\b",
    re.IGNORECASE,
)
# What is left open at its end asks for it: 清朝的首都是？ 史称为？ 该书的作者？ It was called?
_OPEN_ZH = re.compile(
    "(?:是|为|于|以及|或|叫|称|作|及|到|在)[:：]?[？?_…]*$|^[^是]*的[^,，。是的]{1,6}[？?]$"
)
_OPEN_EN = re.compile(
    r"\b(?:called|named|as|to|of|for|in|by|is|was|are|were|with|from|than)\s*[?:_…]*$",
    re.IGNORECASE,
)
_WONDERS = re.compile(
    "什么|谁|哪|几|多少|如何|怎|何|多[长高大久远]"
    r"|\b(?:what|who|whom|whose|when|where|which|why|how)\b",
    re.IGNORECASE,
)
# A question may name its answer among others, or ask for yes or no.
_OFFERS = re.compile(
    f"还是|是否|吗|能否|([{HAN}])[不没]\\1|[和与或、].{{1,20}}(?:哪|谁|何者)"
    r"|\b(?:or|either|which of)\b",
    re.IGNORECASE,
)
_HAN = re.compile(f"[{HAN}]")
_GIVEN_AWAY = 0.3
"""Share of a question from which an answer inside it is what the question already says."""


def reason_against(
    question: str, answer: str, evidence: Evidence, policy: Literal["strict", "keep"]
) -> str:
    """The message code of the first thing wrong with a pair; empty where nothing is.

    Args:
        question: As read from the reply.
        answer: As read from the reply.
        evidence: As found for it.
        policy: Under ``keep`` only an answer that repeats its question is thrown out; what else
            is wrong stands on the pair's evidence.
    """
    asked, answered = normalise(question), normalise(answer)
    if asked == answered:
        return "rejected.answer_is_question"
    if policy == "keep":
        return ""
    if evidence.match == "none":
        return "rejected.no_evidence"
    if not evidence.numbers_ok:
        return "rejected.number"
    if not is_question(question):
        return "rejected.not_a_question"
    if leans(question):
        return "rejected.leans"
    return "rejected.answer_in_question" if _gives_away(question, asked, answered) else ""


def _gives_away(question: str, asked: str, answered: str) -> bool:
    """Whether what is asked for is most of what the question already says."""
    if not answered or _OFFERS.search(simplified(question)) or not stands_in(answered, asked):
        return False
    wondered = _WONDERS.search(simplified(question))
    return not wondered or len(answered) >= _GIVEN_AWAY * len(asked)


def is_question(text: str) -> bool:
    """Whether a text asks something or tells one to answer, in Chinese or English.

    Its last line decides: small models copy a passage under a question and call it all one.
    """
    stripped = text.strip().rpartition("\n")[2].strip()
    if _HAN.search(stripped):
        plain = simplified(stripped)
        return bool(_ASKS_ZH.search(plain) or _TELLS_ZH.search(plain) or _OPEN_ZH.search(plain))
    return bool(
        _ASKS_EN.search(stripped) or _TELLS_EN.search(stripped) or _OPEN_EN.search(stripped)
    )
