"""What ``public/qa3.js`` knows: its texts, and which values the boxes of the settings take."""

from __future__ import annotations

import json
from typing import Any

from chains import setting_info
from loaders import INCLUDABLE
from messages import LANGUAGES, say
from prompts import KINDS

from .security import MOST_BYTES

_NUMBERS = ("max_tokens", "chunk_size", "threshold")
_TEXTS = (
    "page.s_api",
    "page.s_attach",
    "page.s_close",
    "page.s_commands",
    "page.s_copy",
    "page.s_down",
    "page.s_file_large",
    "page.s_message",
    "page.s_new_chat",
    "page.s_number",
    "page.s_range",
    "page.s_send",
    "page.s_settings",
    "page.s_stop",
    "page.s_theme",
    "page.s_whole",
    "page.s_words",
)
_FIELDS = (
    "label", "value", "example", "least", "most", "words", "name", "size",
)  # fmt: skip


def script_facts() -> str:
    """A line of JavaScript that sets the constant ``qa3Facts``."""
    unfilled = {name: "{" + name + "}" for name in _FIELDS}
    facts = {
        "most": MOST_BYTES,
        "rules": _rules(),
        "commands": {one: say("page.name_jobs", one) for one in LANGUAGES},
        "texts": {
            one: {code.removeprefix("page.s_"): say(code, one, **unfilled) for code in _TEXTS}
            for one in LANGUAGES
        },
    }
    return f"const qa3Facts = {json.dumps(facts, ensure_ascii=False)};\n"


def _rules() -> dict[str, dict[str, Any]]:
    """By the id of a box: the least and most number, or the words; all may be left blank."""
    rules: dict[str, dict[str, Any]] = {
        "confirm_cost": {"least": 0, "most": None, "whole": False, "example": "0.5"},
        "confirm_tokens": {"least": 0, "most": None, "whole": True, "example": "100000"},
        "kinds": {"words": list(KINDS)},
        "include": {"words": list(INCLUDABLE)},
    }
    for name in _NUMBERS:
        info = setting_info(name)
        whole = info.kind is int
        example = f"{info.least:g}" if whole and info.least else "0.9"
        rules[name] = {"least": info.least, "most": info.most, "whole": whole, "example": example}
    return rules
