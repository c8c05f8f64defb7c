"""Words that make a number rough: about, 左右."""

import re

__all__ = ["ROUGH_AFTER", "ROUGH_BEFORE"]

ROUGH_BEFORE = re.compile(
    r"(?:大?约为?|大概|大致|差不多|将?近|接近|几乎"
    r"|\b(?:about|around|roughly|approximately|nearly|almost|some|circa|close to))"
    r"[^\w]?(?:[$€£¥]\s?)?$"
)
"""Matches the end of what stands before such a number."""
ROUGH_AFTER = re.compile(r"\s?(?:左右|上下)")
"""Matches what stands right after one."""
