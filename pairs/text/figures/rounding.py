"""Words that make a number rough or a bound: about, 左右, at least."""

import re

__all__ = ["BOUND_AFTER", "BOUND_BEFORE", "ROUGH_AFTER", "ROUGH_BEFORE"]

ROUGH_BEFORE = re.compile(
    r"(?:大?约为?|大概|大致|差不多|将?近|接近|几乎"
    r"|\b(?:about|around|roughly|approximately|nearly|almost|some|circa|close to))"
    r"[^\w]?(?:[$€£¥]\s?)?$"
)
"""Matches the end of what stands before such a number."""
ROUGH_AFTER = re.compile(r"\s?(?:左右|上下)")
"""Matches what stands right after one."""
BOUND_BEFORE = re.compile(
    r"(?:至少|至多|最多|最少|不少于|不多于|不超过|不低于|不高于|超过|多于|少于|高达|多达|长达)\s?$"
    r"|\b(?:at (?:least|most)|(?:no |not )?(?:more|less|fewer|longer) than|over|up to|not exceeding"
    r"|within|a (?:maximum|minimum|total) of)\s(?:[$€£¥]\s?)?$"
)
"""Matches the end of what makes a bound of the number behind it."""
BOUND_AFTER = re.compile(r"\s?(?:及?以上|及?以下|以内|之内|or (?:more|less|fewer)(?![a-z]))")
"""Matches what makes a bound of the number before it."""
