"""Where an answer ends by the caller's stop strings: found in one pass, however many there are.

An automaton over characters (Aho and Corasick, "Efficient string matching", 1975): its state is the
longest end of the text that begins some stop string, which is just what must not be shown yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


class StopStrings:
    """Finds the first of many strings in a text that arrives in parts.

    Args:
        strings: None of them empty.
    """

    def __init__(self, strings: Sequence[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._depth = [0]
        self._found = [0]  # length of the longest string that ends in a state; 0 for none
        for string in strings:
            self._plant(string)
        self._fallback = [0] * len(self._next)
        self._link()
        self._state = 0
        self._held = ""

    def _plant(self, string: str) -> None:
        state = 0
        for character in string:
            if character not in self._next[state]:
                self._next[state][character] = len(self._next)
                self._next.append({})
                self._depth.append(self._depth[state] + 1)
                self._found.append(0)
            state = self._next[state][character]
        self._found[state] = len(string)

    def _link(self) -> None:
        """Sets where each state falls back to: the longest proper end of it that is a state."""
        line = deque(self._next[0].values())
        while line:
            state = line.popleft()
            for character, child in self._next[state].items():
                line.append(child)
                self._fallback[child] = self._step(self._fallback[state], character)
                self._found[child] = self._found[child] or self._found[self._fallback[child]]

    def _step(self, state: int, character: str) -> int:
        while state and character not in self._next[state]:
            state = self._fallback[state]
        return self._next[state].get(character, 0)

    def add(self, text: str) -> tuple[str, bool]:
        """What can be shown now, and whether a stop string was found; nothing follows after it.

        Args:
            text: The next part.
        """
        whole = self._held + text
        for place, character in enumerate(text, len(self._held) + 1):
            self._state = self._step(self._state, character)
            if self._found[self._state]:
                self._held = ""
                return whole[: place - self._found[self._state]], True
        kept = self._depth[self._state]
        self._held = whole[len(whole) - kept :]
        return whole[: len(whole) - kept], False

    def rest(self) -> str:
        """What was held back, once no more text comes."""
        held, self._held, self._state = self._held, "", 0
        return held
