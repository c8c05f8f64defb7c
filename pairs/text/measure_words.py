"""The measure words that stand between a Chinese number and what it counts."""

import json
from pathlib import Path

__all__ = ["AFTER_NUMBERS", "COUNTING", "TELLING"]

_TABLE = json.loads(Path(__file__).with_name("measure_words.json").read_text(encoding="utf-8"))

COUNTING: frozenset[str] = frozenset(_TABLE["counting"])
"""They only count: 个, 名."""
TELLING: frozenset[str] = frozenset(_TABLE["telling"])
"""They say what they count: 9局 are no 9个赛季."""
AFTER_NUMBERS: frozenset[str] = frozenset(_TABLE["after_numbers"])
"""What belongs to the number before it rather than to the words behind."""
