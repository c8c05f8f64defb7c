"""Ends an answer at a stop string, and holds back text that may begin one."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Finds the first of a few strings in a text that arrives in parts.

    Args:
        strings: None of them empty.
    """

    def __init__(self, strings: Sequence[str]) -> None:
        self._strings = tuple(strings)
        self._longest = max(map(len, self._strings), default=0)
        self._held = ""

    def add(self, text: str) -> tuple[str, bool]:
        """The text to emit now, and whether a stop string was found, which ends the answer.

        The stop string that completes first counts, and of several that end there the longest.

        Args:
            text: The next part.
        """
        whole = self._held + text
        found = [
            (start + len(string), start)
            for string in self._strings
            if (start := whole.find(string)) >= 0
        ]
        if found:
            self._held = ""
            return whole[: min(found)[1]], True
        kept = self._open_end(whole)
        self._held = whole[kept:]
        return whole[:kept], False

    def rest(self) -> str:
        """The text held back, at the end of the answer."""
        held, self._held = self._held, ""
        return held

    def _open_end(self, whole: str) -> int:
        """The start of the longest suffix that is a prefix of some stop string."""
        for start in range(max(0, len(whole) - self._longest + 1), len(whole)):
            end = whole[start:]
            if any(string.startswith(end) for string in self._strings):
                return start
        return len(whole)
