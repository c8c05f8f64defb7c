"""Learns the layout of a reply from what repeats: labels in turn, or a sign between two texts."""

from __future__ import annotations

import re
from collections import Counter

from .choices import offered
from .findings import NOTHING_FOUND, Findings
from .labels import NUMERAL, Mark, scan
from .trimming import ends_as_question

_LABEL = re.compile(
    r"^ *(?P<label>\\?[^\w\s\"'“‘]{0,6}(?:[a-z]{1,10}[\[{])?(?:[^\W\d_][\w ]{0,19}?)?[ .#-]?"
    rf"(?:{NUMERAL})?(?: ?(?:of|/) ?\d{{1,3}})?[\]}})】」』>*_~]{{0,4}} ?"
    r"(?:[-=]>|[:/|>)\]}=~·!»]|—{1,2}|–|-(?= ))[\]})】」』>*_~/]{0,4}"
    r"|(?:[#@$%]{1,3}[a-z]{1,10}\d{0,4}|[a-z]{1,10}[.-]?\d{1,4})(?= )"
    r"|[^\w\s\"'“‘”’`$().,;:!?。，、；：！？…【】「」《》<>{}\[\]+*•·\-–—|\\/#&%=]{1,3}\ufe0f?)",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(rf"{NUMERAL}")
# A number and a bullet, or a question and its first option.
_LISTED = re.compile(r"[\x00-\x40\[-`{-\x7f]*\Z|(?:.*[^q\W]|)\W*\n\W*[a-h]\W*\Z")
_TWICE = 2


def learnt(shadow: str) -> list[Mark]:
    """The labels of a reply whose lines begin in turn with the sign of questions and of answers.

    Both signs must occur twice and in turn, and most questions must end as one:
    ``Interviewer: ...?`` and ``Guest: ...``, or a star and a circle. Numbers alone are no signs.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
    """
    found = list(_LABEL.finditer(shadow))
    keys = [_NUMBER.sub("#", mark["label"].lower()).strip() for mark in found]
    asks = [ends_as_question(shadow[mark.end() : _line_end(shadow, mark.end())]) for mark in found]
    asked = Counter(key for key, asking in zip(keys, asks, strict=True) if asking)
    sign, times = asked.most_common(1)[0] if asked else ("", 0)
    places = [at for at, key in enumerate(keys) if key == sign]
    if times < _TWICE or 2 * times < len(places):
        return []
    behind = {keys[at + 1] for at in places if at + 1 < len(keys)}
    fields = {mark.start for mark in scan(shadow) if mark.kind in ("field", "question")}
    if len(behind) != 1 or behind == {sign} or _LISTED.match("\n".join([sign, *behind])):
        return []
    answers = [at + 1 for at in places if at + 1 < len(keys)]
    in_turn = times == len(places) or len(answers) == sum(key in behind for key in keys)
    if len(answers) < _TWICE or not in_turn:
        return []
    if any(asks[at] or found[at].start() in fields for at in answers):
        return []
    marks = dict.fromkeys(places, "question") | dict.fromkeys(answers, "answer")
    return [
        Mark(found[at].start(), found[at].end(), "question" if kind == "question" else "answer", "")
        for at, kind in sorted(marks.items())
    ]


_ROW = re.compile(
    r"^[ \t]*(?P<lead>[^\w\n?？]{0,6}(?:\d{1,4}[^\w\n?？]{1,4})?)(?P<question>\w[^\n]{0,400}?[?？])"
    r"(?P<sign>[ \t\"'”’»*_\])]{0,4}(?:\t|(?<=[\"'”])[,，](?= ?[\"'“])"
    r"|[^\w\s\"'“”‘’(（\[<$`.。,，*_?？]{1,3}|[ ]{3})"
    r"[ \t\"'“‘«*_(]*)(?=[^\n?？]+$)",
    re.MULTILINE,
)
_LEAD = re.compile(r"[^\w?？]{0,6}(?:\d{1,4}[^\w?？]{1,4})?")
_SHUT = re.compile(r"[\"'”’»)\]}|;,]{1,3}\Z")
_OPENS = re.compile(r"[\"'“‘«(\[{|]")


def read_rows(text: str) -> Findings:
    """Pairs from lines in a row that all hold a question, the same sign, and an answer.

    Args:
        text: A cleaned reply without labels.
    """
    rows = list(_ROW.finditer(text))
    signs = Counter((_shape(row["lead"]), row["sign"].strip(" ") or "  ") for row in rows)
    (lead, sign), times = signs.most_common(1)[0] if signs else (("", ""), 0)
    if times < _TWICE:
        return NOTHING_FOUND
    rows = [row for row in rows if row["sign"].strip(" ") == sign.strip(" ")]
    first, last = rows[0].start(), _line_end(text, rows[-1].start())
    while first and sign in text[(above := text.rfind("\n", 0, first - 1) + 1) : first]:
        first = above
    while sign in text[last + 1 : (below := _line_end(text, last + 1))]:
        last = below
    lines = [line.strip() for line in text[first:last].split("\n") if line.strip()]
    leads = [_LEAD.match(line)[0] for line in lines]  # type: ignore[index]
    halves = [line[len(found) :].partition(sign) for line, found in zip(lines, leads, strict=True)]
    pairs = [(asked, said) for asked, _, said in halves if asked.strip() and said.strip()]
    if 2 * times < len(lines) or len(pairs) < len(lines) or {*map(_shape, leads)} != {lead}:
        return NOTHING_FOUND
    if any(offered(said) for _, said in pairs):
        return NOTHING_FOUND
    shut = {found[0] if (found := _SHUT.search(said)) else "" for _, said in pairs}
    if len(shut) == 1 and _OPENS.search(lead + sign):
        pairs = [(asked, said.removesuffix(*shut)) for asked, said in pairs]
    return Findings(pairs, first, "open" if last == len(text) else "closed", 0, last)


def _shape(lead: str) -> str:
    return _NUMBER.sub("#", lead).strip()


def _line_end(shadow: str, begin: int) -> int:
    end = shadow.find("\n", begin)
    return len(shadow) if end < 0 else end
