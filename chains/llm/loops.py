"""Whether a model has run dry and goes in circles, seen while it writes.

Small models loop: the same pairs over and over, one answer to ever new questions, a number of a
thousand digits, endless blanks. All of it costs time and none of it can be used.
"""

from __future__ import annotations

import re

LONGEST_LINE = 1200  # characters; no answer of a small model is that long in one line
_LABEL = re.compile(
    r"^\W*(?:q|a|question|answer|问题?|答案?)[\W\d一二三四五六七八九十]*", re.IGNORECASE
)
_RUN = re.compile(r"(.{1,8}?)\1{60,}$", re.DOTALL)
_FEW, _MANY = 2, 4


def goes_in_circles(text: str) -> bool:
    """Whether nothing new can be expected of a reply, as far as it has been written.

    Args:
        text: The reply so far; looked at whenever a line has ended or grown long.
    """
    if _RUN.search(text[-600:]) or len(text) - text.rfind("\n") > LONGEST_LINE:
        return True
    lines = [line.strip() for line in text.splitlines()[-60:] if line.strip()]
    if text and not text.endswith("\n"):
        lines = lines[:-1]
    asked = [line for line in lines if line.endswith(("?", "？"))]
    if len(asked) > _FEW and all(line in asked[:-_FEW] for line in asked[-_FEW:]):
        return True
    answers = [_LABEL.sub("", line) for line in lines if not line.endswith(("?", "？"))]
    return len(answers) >= _MANY and len(set(answers[-_MANY:])) == 1
