"""Learns labels that no list of words holds from how they alternate: a question, then an answer."""

from __future__ import annotations

import re
from collections import Counter

from .labels import NUMERAL, Mark, scan
from .trimming import ends_as_question

_LABEL = re.compile(
    r"^ *(?P<label>\\?[^\w\s\"'“‘]{0,6}(?:[a-z]{1,10}[\[{])?(?:[^\W\d_][\w ]{0,19}?)?[ .#-]?"
    rf"(?:{NUMERAL})?(?: ?(?:of|/) ?\d{{1,3}})?[\]}})】」』>*_~]{{0,4}} ?"
    r"(?:[-=]>|[:/|>)\]}=]|—{1,2}|–)[\]})】」』>*_~/]{0,4}"
    r"|[^\w\s\"'“‘”’`$().,;:!?。，、；：！？…【】「」《》<>{}\[\]+*•·\-–—|\\/#&%=]{1,3}\ufe0f?)",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(rf"{NUMERAL}")
# A number and a bullet, or a question and its first option.
_LISTED = re.compile(r"[\x00-\x40\[-`{-\x7f]*\Z|(?:.*[^q\W]|)\W*\n\W*[a-h]\W*\Z")
_TWICE = 2


def learnt(shadow: str) -> list[Mark]:
    """The labels of a reply whose lines begin in turn with the sign of questions and of answers.

    Both signs must occur twice, every question must end as one, and the same sign must follow it:
    ``Interviewer: ...?`` and ``Guest: ...``, or a star and a circle. Numbers alone are no signs.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
    """
    found = list(_LABEL.finditer(shadow))
    keys = [_NUMBER.sub("#", mark["label"].lower()).strip() for mark in found]
    asks = [ends_as_question(shadow[mark.end() : _line_end(shadow, mark.end())]) for mark in found]
    asked = Counter(key for key, asking in zip(keys, asks, strict=True) if asking)
    sign, times = asked.most_common(1)[0] if asked else ("", 0)
    if times < _TWICE or times != keys.count(sign):
        return []
    places = [at for at, key in enumerate(keys) if key == sign]
    behind = {keys[at + 1] for at in places if at + 1 < len(keys)}
    fields = {mark.start for mark in scan(shadow) if mark.kind in ("field", "question")}
    if len(behind) != 1 or behind == {sign} or _LISTED.match("\n".join([sign, *behind])):
        return []
    answers = [at + 1 for at in places if at + 1 < len(keys)]
    if len(answers) < _TWICE or any(asks[at] or found[at].start() in fields for at in answers):
        return []
    marks = dict.fromkeys(places, "question") | dict.fromkeys(answers, "answer")
    return [
        Mark(found[at].start(), found[at].end(), "question" if kind == "question" else "answer", "")
        for at, kind in sorted(marks.items())
    ]


def _line_end(shadow: str, begin: int) -> int:
    end = shadow.find("\n", begin)
    return len(shadow) if end < 0 else end
