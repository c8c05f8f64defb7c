"""Language detection: Chinese or English."""

from __future__ import annotations

import re
from typing import Literal

from loaders.characters import HAN

_HAN = re.compile(f"[{HAN}\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def language_of(text: str) -> Literal["zh", "en"]:
    """``zh`` where Chinese characters outweigh Latin words, else ``en``.

    A Chinese word has some one and a half characters, so a technical text in Chinese that is
    full of English terms still counts as Chinese.
    """
    return "zh" if len(_HAN.findall(text)) > 1.5 * len(_LATIN_WORD.findall(text)) else "en"
