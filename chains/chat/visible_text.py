"""The visible text of a streamed reply: without chat-template tokens, thoughts and played turns.

Small models leak the tokens of their template, write the user's next turn, or think aloud. Shown
text cannot be taken back, so text that may be the start of a token is buffered until that is
known.
"""

from __future__ import annotations

import re

from loaders import whole_characters

from ..parsing.template_tokens import (
    MARKERS,
    MODEL_ROLES,
    OTHER_ROLES,
    PIPED_NAME,
    SPECIAL_NAMES,
    THOUGHT_TAGS,
)

_ROLE = rf"(?:{OTHER_ROLES}|{MODEL_ROLES})"
TEMPLATE = re.compile(
    rf"<\|(?:im_start|start_header_id)\|>\s{{0,4}}{_ROLE}\b(?:<\|end_header_id\|>)?"
    rf"|<start_of_turn>\s{{0,4}}{_ROLE}\b|<[|｜]{PIPED_NAME}[|｜]>:?|{MARKERS}"
    rf"|</?(?:{SPECIAL_NAMES}|s)>",
    re.IGNORECASE,
)
"""Matches the chat-template tokens that a stream drops."""
_NOT_THE_MODEL = re.compile(rf"{OTHER_ROLES}|\[INST|endoftext|end_of_text|end▁of", re.IGNORECASE)
_THOUGHT = re.compile(rf"<(/?)(?:{THOUGHT_TAGS})>", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:assistant|chatglm[\w-]{0,12}|chatgpt|ai|bot|answer|答案?|回答|助手|助理)"
    r"[ \t]{0,2}[:：]\s*",
    re.IGNORECASE,
)
_LONGEST_LABEL = 24
_SENTENCE = re.compile(r"[\n。，,.]")
_PLAYING = re.compile(
    r"\n\s{0,8}(?:user|human|question|用户|人类|提问者?|问题?)\s{0,3}[0-9]{0,2}\s{0,3}[:：]",
    re.IGNORECASE,
)
_LONGEST_TOKEN = 48
_LONGEST_TURN = 32  # characters of a line that may turn out to begin another speaker's turn
_AHEAD = 20  # characters behind a token that may belong to it, as a role does
_UNSEEN = dict.fromkeys([*range(9), *range(11, 32), 127, 0x200B, 0xFEFF])


class Speech:
    """Filters a reply: takes its chunks as they arrive and returns the text to show.

    Args:
        one_answer: Whether a line such as ``Question:`` ends the answer: it begins a played turn.

    Attributes:
        text: All text returned so far.
        over: Whether the reply has ended for the reader.
    """

    def __init__(self, *, one_answer: bool = False) -> None:
        self.text = ""
        self.over = False
        self._buffer = ""  # may end in a part of a token
        self._ready = ""  # without tokens, not returned yet
        self._begun = self._spoken = False
        self._thinking = False
        self._one_answer = one_answer

    def take(self, chunk: str) -> str:
        """The text to show after one more chunk."""
        if self.over:
            return ""
        self._buffer += whole_characters(chunk).replace("\r\n", "\n").translate(_UNSEEN)
        return self._give(final=False)

    def finish(self) -> str:
        """The rest of the text, once all chunks have arrived."""
        said = "" if self.over else self._give(final=True)
        self.over = True
        return said

    def _give(self, *, final: bool) -> str:
        """The buffered text that is certain; all of it at the end."""
        self._ready += self._without_tokens(final=final)
        final = final or self.over
        if not self._begun:
            self._begin(final=final)
        given = len(self._ready) if self._begun or final else 0
        if given and self._one_answer:
            given = self._own_part(final=final)
        seen = self._ready[:given].rstrip()  # trailing blanks are shown only if text follows
        self._ready = self._ready[len(seen) :]
        self.text += seen
        return seen

    def _without_tokens(self, *, final: bool) -> str:
        pieces: list[str] = []
        mark = self._next_mark()
        while mark and (final or len(self._buffer) - mark.end() >= _AHEAD):
            self._keep(pieces, mark.start())
            self._buffer = self._buffer[mark.end() - mark.start() :]
            self._pass(mark)
            if self.over:
                self._buffer = ""
                return "".join(pieces)
            mark = self._next_mark()
        uncertain = (
            mark.start() if mark else len(self._buffer) - (0 if final else self._uncertain())
        )
        self._keep(pieces, uncertain)
        return "".join(pieces)

    def _keep(self, pieces: list[str], length: int) -> None:
        """Moves characters from the buffer to the pieces, or drops them inside a thought."""
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        if not self._thinking:
            pieces.append(text)
            self._spoken = self._spoken or bool(text.strip())

    def _next_mark(self) -> re.Match[str] | None:
        marks = [found for one in (TEMPLATE, _THOUGHT) if (found := one.search(self._buffer))]
        return min(marks, key=lambda found: found.start(), default=None)

    def _pass(self, mark: re.Match[str]) -> None:
        """Handles a token: one that begins another speaker's turn ends a begun answer."""
        if mark.re is _THOUGHT:
            self._thinking = not mark[1]
        elif _NOT_THE_MODEL.search(mark.group()) and self._spoken:
            self.over = True

    def _uncertain(self) -> int:
        """The number of characters at the end that may begin a token."""
        tail = self._buffer[-_LONGEST_TOKEN:]
        begins = max(tail.rfind("<"), tail.rfind("["))
        if begins >= 0 and not re.search(r"[>\]]\W*\s", tail[begins:]):
            return len(tail) - begins
        return 0

    def _begin(self, *, final: bool) -> None:
        """Strips blanks and a label such as ``Assistant:`` from the beginning."""
        start = self._ready = self._ready.lstrip()
        decided = len(start) >= _LONGEST_LABEL or _SENTENCE.search(start)
        if final or decided:
            label = _LABEL.match(start)
            own = start[label.end() :] if label else start
            if own:
                self._begun, self._ready = True, own
            elif final:
                self._ready = ""

    def _own_part(self, *, final: bool) -> int:
        """The number of ready characters before a turn that the model plays for its user."""
        before = self.text[-_LONGEST_TOKEN:]
        whole = before + self._ready
        played = _PLAYING.search(whole)
        if played:
            self.over = True
            return max(0, played.start() - len(before))
        line = whole.rfind("\n")
        undecided = not final and line >= len(before) and len(whole) - line < _LONGEST_TURN
        return line - len(before) if undecided else len(self._ready)
