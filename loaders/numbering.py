"""Numbers that Word gives its paragraphs: headings, lists, articles of a contract."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .numerals import counted

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{_W}val"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_LONGEST_LABEL = 60  # characters
BULLET = "-"
"""What stands before an item of a list without numbers."""


@dataclass
class _Level:
    start: int = 1
    way: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    restart: int | None = None
    legal: bool = False


@dataclass
class _Scheme:
    """One abstract numbering: its levels and how far each has counted."""

    levels: dict[int, _Level] = field(default_factory=dict)
    by_style: dict[str, int] = field(default_factory=dict)
    counts: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)
    begun: set[tuple[str, int]] = field(default_factory=set)
    link: str = ""


class Numbering:
    """The numbers of a document's paragraphs, which must be asked for in reading order.

    Args:
        root: Of the numbering part; None where there is none.
    """

    def __init__(self, root: Any) -> None:
        self._schemes: dict[str, _Scheme] = {}
        self._uses: dict[str, tuple[str, dict[int, tuple[int | None, _Level | None]]]] = {}
        if root is None:
            return
        by_link: dict[str, str] = {}
        for node in root.iter(f"{_W}abstractNum"):
            key = node.get(f"{_W}abstractNumId") or ""
            self._schemes[key] = scheme = _scheme(node)
            name = node.find(f"{_W}styleLink")
            if name is not None:
                by_link[name.get(_VAL) or ""] = key
            scheme.link = _value(node, "numStyleLink", "")
        for node in root.iter(f"{_W}num"):
            key = _value(node, "abstractNumId", "")
            link = self._schemes[key].link if key in self._schemes else ""
            overrides = {
                _whole(one.get(f"{_W}ilvl"), 0): (
                    _whole(_value(one, "startOverride", ""), None),
                    _level(one.find(f"{_W}lvl")),
                )
                for one in node.findall(f"{_W}lvlOverride")
            }
            self._uses[node.get(f"{_W}numId") or ""] = (by_link.get(link, key), overrides)

    def level_of_style(self, number: str, style: str) -> int | None:
        """The level that a numbering keeps for a paragraph style; None where it keeps none."""
        use = self._uses.get(number)
        scheme = self._schemes.get(use[0]) if use else None
        return scheme.by_style.get(style) if scheme else None

    def label(self, number: str, level: int) -> str:
        """What Word writes before the next paragraph of a list, with the blank behind it.

        Args:
            number: The list's ``numId``.
            level: From 0.
        """
        use = self._uses.get(number)
        scheme = self._schemes.get(use[0]) if use else None
        if use is None or scheme is None:
            return f"{BULLET} "
        level = min(max(level, 0), _LEVELS - 1)
        key, overrides = number, use[1]
        levels = scheme.levels | {at: own for at, (_, own) in overrides.items() if own}
        here = levels.get(level, _Level(text=f"%{level + 1}."))
        self._count(scheme, levels, key, level, overrides)
        if here.way == "bullet":
            return f"{BULLET} "

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            one = levels.get(at, _Level())
            count = scheme.counts[at]
            way = "decimal" if here.legal and one.way != "none" else one.way
            return "" if at > level else counted(one.start if count is None else count, way)

        label = _PLACE.sub(shown, here.text)[:_LONGEST_LABEL].strip()
        return label + ("" if here.suffix == "nothing" else " ") if label else ""

    def _count(
        self,
        scheme: _Scheme,
        levels: dict[int, _Level],
        number: str,
        level: int,
        overrides: dict[int, tuple[int | None, _Level | None]],
    ) -> None:
        counts = scheme.counts
        begin = overrides.get(level, (None, None))[0]
        if begin is not None and (number, level) not in scheme.begun:
            counts[level] = None
        else:
            begin = None
        scheme.begun.add((number, level))
        here = levels.get(level, _Level())
        before = counts[level]
        if before is None:
            counts[level] = here.start if begin is None else begin
        else:
            counts[level] = before + 1
        for upper in range(level):
            if counts[upper] is None:
                counts[upper] = levels.get(upper, _Level()).start
        for deeper in range(level + 1, _LEVELS):
            restart = levels.get(deeper, _Level()).restart
            if restart is None or (restart and level < restart):
                counts[deeper] = None


def _scheme(node: Any) -> _Scheme:
    scheme = _Scheme()
    for one in node.findall(f"{_W}lvl"):
        at = _whole(one.get(f"{_W}ilvl"), 0)
        level = _level(one)
        if level is not None and at is not None:
            scheme.levels[at] = level
            style = _value(one, "pStyle", "")
            if style:
                scheme.by_style[style] = at
    return scheme


def _level(node: Any) -> _Level | None:
    if node is None:
        return None
    legal = node.find(f"{_W}isLgl")
    return _Level(
        start=_whole(_value(node, "start", ""), 1) or 0,
        way=_value(node, "numFmt", "decimal"),
        text=_value(node, "lvlText", ""),
        suffix=_value(node, "suff", "tab"),
        restart=_whole(_value(node, "lvlRestart", ""), None),
        legal=legal is not None and legal.get(_VAL, "1") not in ("0", "false", "off"),
    )


def _value(node: Any, name: str, default: str) -> str:
    found = node.find(f"{_W}{name}")
    return default if found is None else (found.get(_VAL) or "")


def _whole(text: str | None, default: Any) -> Any:
    try:
        return int(text or "")
    except ValueError:
        return default
