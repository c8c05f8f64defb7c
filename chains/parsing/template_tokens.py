"""Chat-template tokens that models leak into their replies, as parts of regular expressions.

Only what both readers share: ``cleaning`` reads whole replies, ``chat.visible_text`` a stream, and
each adds what it alone removes. All are matched without regard to case.
"""

from __future__ import annotations

OTHER_ROLES = "user|human|system|observation|tool"
"""Roles that speak to the model."""
MODEL_ROLES = "assistant|model|gpt"
THOUGHT_TAGS = "think|thinking|thought|reasoning"
"""Names of the tags around a model's thoughts."""
SPECIAL_NAMES = "sop|eop|eom|eos|bos|unk|pad"
"""Special tokens written as a name in angle brackets."""
PIPED_NAME = r"[a-z0-9_▁/]{1,30}"
"""The name between the bars of ``<|...|>``."""
MARKERS = r"\[gMASK\]|\[/?INST\]|<</?SYS>>|<(?:end|start)_of_turn>"
"""Tokens that are written in one way only."""
