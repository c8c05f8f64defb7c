"""Answers that only repeat what their question is about: 曹操是哪位将领？ – 曹操."""

import re

from .flat import flatten
from .question_words import may_name_its_answer

__all__ = ["is_only_the_subject"]

_ARTICLE = re.compile(r"(?:the|an?) (?=.)")
_AROUND = " .,!?。、\"'()[]《》"
_LONGEST = 40
"""Characters above which an answer is no mere name,"""
_LONGEST_QUESTION = 400
"""and above which a question is no single one."""
_WH_ZH = "(?:何|什么|谁|哪|几|多少|怎|如何)"
# {} is the answer. It must be the whole noun phrase: 罗德·拉沃竞技场 is not 罗德·拉沃.
_CHINESE = (
    r"(?:^|请问|的|[^\w·]){}[\")》]?"
    rf"(?:的?(?:名字|姓名|全名|全称|本名|真名)[是叫为]?|是|为|叫做?|称作?|指|属于|[在于由被有]?(?={_WH_ZH}))"
    rf"[^,;。]{{{{0,12}}}}?{_WH_ZH}"
    rf"|(?:谁|什么|哪[^,;。]{{{{0,12}}}}?)是{{}}\W*$"
    r"|{}(?:的?名称[是叫为]?|叫做?)什么"
)
_ENGLISH = (
    r"\b(?:who|what|which)\b(?: [\w-]+){{0,3}}?(?: (?:is|are|was|were)|'s) (?:the |an? )?{}"
    r"(?:'s?(?: \w+)? name)?\W*$"
    r"|\bnames? of (?:the |an? )?{}(?: (?:of|that|which|who)\b|\W*$)"
    r"|\bwhat (?:is|are|was|were) (?:the |an? )?{}(?: of [^,?]{{0,40}})?"
    r" (?:called|named|known as)\W*$"
)


def is_only_the_subject(question: str, answer: str) -> bool:
    """Whether an answer is what its question's predicate is said of, or whose name it asks for.

    Args:
        question: In Chinese or English; one that offers a choice names its answer.
        answer: The model's wording.
    """
    asked, said = flatten(question).strip(), flatten(answer).strip(_AROUND)
    said = _ARTICLE.sub("", said, count=1) if _ARTICLE.match(said) else said
    if not said or len(said) > _LONGEST or len(asked) > _LONGEST_QUESTION or said not in asked:
        return False
    if may_name_its_answer(question):
        return False
    subject = re.escape(said)
    return any(
        re.search(pattern.format(*[subject] * pattern.count("{}")), asked)
        for pattern in (_CHINESE, _ENGLISH)
    )
