"""Quality checks: the first reason for rejecting a pair."""

from __future__ import annotations

import re
from typing import Literal

from ..records import Evidence
from ..text.answer_kind import is_of_another_kind
from ..text.asked_subject import is_only_the_subject
from ..text.boundaries import stands_in
from ..text.context_dependence import leans
from ..text.flat import flatten
from ..text.normalise import normalise
from ..text.polarity import asks_yes_or_no
from ..text.question_words import (
    asks_for,
    has_question_word,
    is_question,
    may_name_its_answer,
)
from ..text.refusals import SAYS_NOTHING, is_word_for_nothing, says_nothing
from ..text.terms import is_slight, terms
from .support import share_said

_GIVEN_AWAY = 0.3
"""Share of a question's characters from which an answer it contains gives nothing new."""

_LETTER_ASKED = 0.3
"""Share of a question's words that must stand beside an answer of one character."""

_AROUND_NOTHING = " .!。-()[]\"'*`"
_BEFORE_NOTHING = {"无": r"(?<![\u3400-\u9fff](?<![为是均皆]))"}
"""What a character that is a part of many words must have before it."""


def reason_against(
    question: str, answer: str, evidence: Evidence, policy: Literal["strict", "keep"]
) -> str:
    """The message code of the first reason to reject a pair; empty where there is none.

    Args:
        question: As read from the reply.
        answer: As read from the reply.
        evidence: What ``ground`` found for the answer.
        policy: Under ``keep`` only an answer that repeats its question is rejected; other faults
            are only recorded in the pair's evidence.
    """
    flat_question, flat_answer = normalise(question), normalise(answer)
    if flat_question == flat_answer:
        return "rejected.answer_is_question"
    if policy == "keep":
        return ""
    if evidence.match == "none" or _only_says_nothing(question, answer, evidence):
        return "rejected.no_evidence"
    if _stands_by_chance(question, answer, flat_answer, evidence):
        return "rejected.no_evidence"
    if not evidence.numbers_ok:
        return "rejected.number"
    if not evidence.names_ok:
        return "rejected.name"
    if is_of_another_kind(question, answer, evidence.sentence):
        return "rejected.kind"
    if not is_question(question):
        return "rejected.not_a_question"
    if leans(question):
        return "rejected.leans"
    gives_away = _gives_away(question, answer, flat_question, flat_answer)
    return "rejected.answer_in_question" if gives_away else ""


def _only_says_nothing(question: str, answer: str, evidence: Evidence) -> bool:
    """Whether an answer says that the text does not tell, and the text does not say so itself."""
    if is_word_for_nothing(answer) and not asks_yes_or_no(question):
        return not (evidence.header or _says_nothing_itself(question, answer, evidence))
    if evidence.match in ("exact", "normalised") or not says_nothing(answer):
        return False
    return not SAYS_NOTHING.search(flatten(evidence.sentence))


def _says_nothing_itself(question: str, answer: str, evidence: Evidence) -> bool:
    """Whether a text has a word for nothing as its own statement: 附件：无。 but not 天下无事.

    None of them may also tell who or how many, where the question stands beside it.
    """
    told, said = flatten(evidence.sentence), flatten(answer).strip(_AROUND_NOTHING)
    before = _BEFORE_NOTHING.get(said, r"(?<![a-z])")
    if re.search(rf"{before}{re.escape(said)}(?=\W*(?:[,.;:)。|]|$))", told):
        return True
    kinds = asks_for(flatten(question))
    counts = "how many" in kinds or (said.isascii() and not kinds - {"who", "how much"})
    return counts and stands_in(said, told) and share_said(question, told) >= _LETTER_ASKED


def _stands_by_chance(question: str, answer: str, flat: str, evidence: Evidence) -> bool:
    """Whether an answer is so short that it stands in the text whatever was asked: any 是 or 1.

    Beside one character the question must stand. A word that means nothing by itself answers only
    a question that names its answers, or one for yes or no.
    """
    if evidence.match not in ("exact", "normalised") or not flat:
        return False
    if asks_yes_or_no(question) or may_name_its_answer(question):
        return False
    if all(is_slight(word) for word, _, _ in terms(flatten(answer))):
        # May within a sentence is a month.
        name = re.search(rf"[a-z,;] (?=[A-Z]){re.escape(evidence.quote)}\b", evidence.sentence)
        if not name:
            return True
    if len(flat) > 1 or evidence.header or not evidence.sentence:  # a table has its own rules
        return False
    return share_said(question, evidence.sentence) < _LETTER_ASKED


def _gives_away(question: str, answer: str, flat_question: str, flat_answer: str) -> bool:
    """Whether the question already contains its answer, as its subject or with little else."""
    if is_only_the_subject(question, answer):
        return True
    if (
        not flat_answer
        or may_name_its_answer(question)
        or not stands_in(flat_answer, flat_question)
    ):
        return False
    return not has_question_word(question) or len(flat_answer) >= _GIVEN_AWAY * len(flat_question)
