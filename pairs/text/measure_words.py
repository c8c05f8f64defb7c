"""Chinese measure words (classifiers), which stand between a number and its noun."""

import json
from pathlib import Path

__all__ = ["AFTER_NUMBERS", "COUNTING", "TELLING"]

_TABLE = json.loads(Path(__file__).with_name("measure_words.json").read_text(encoding="utf-8"))

COUNTING: frozenset[str] = frozenset(_TABLE["counting"])
"""Generic classifiers, interchangeable with 个: 名, 条."""
TELLING: frozenset[str] = frozenset(_TABLE["telling"])
"""Classifiers with a meaning of their own: 9局 differs from 9个赛季."""
AFTER_NUMBERS: frozenset[str] = frozenset(_TABLE["after_numbers"])
"""Characters that belong to the number before them rather than to the noun after."""
