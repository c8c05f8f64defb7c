"""A model's words as they arrive: without chat-template tokens and thoughts, cut where they loop.

Small models leak the tokens of their template, go on playing the user, think aloud, or say the
same for ever. What a reader sees grows only at its end, so what may yet turn out to be a token
is held back until it is known.
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
"""Tokens of chat templates, as text."""
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
_LONGEST_TURN = 32  # characters of a line that may turn out to begin another's turn
_AHEAD = 20  # characters behind a token that may belong to it, as a role does
_UNSEEN = dict.fromkeys([*range(9), *range(11, 32), 127, 0x200B, 0xFEFF])


class Speech:
    """Takes pieces as they arrive and gives what a reader may see of them.

    Args:
        one_answer: Whether a line such as ``Question:`` ends the answer: the model plays on.

    Attributes:
        text: All that was given so far.
        over: Whether nothing more is to be read.
    """

    def __init__(self, *, one_answer: bool = False) -> None:
        self.text = ""
        self.over = False
        self._held = ""  # may hold a part of a token
        self._ready = ""  # without tokens, not given yet
        self._begun = self._spoken = False
        self._thinking = False
        self._one_answer = one_answer

    def take(self, piece: str) -> str:
        """What can be seen since the piece before."""
        if self.over:
            return ""
        self._held += whole_characters(piece).replace("\r\n", "\n").translate(_UNSEEN)
        return self._give(final=False)

    def finish(self) -> str:
        """The rest, once nothing more will arrive."""
        said = "" if self.over else self._give(final=True)
        self.over = True
        return said

    def _give(self, *, final: bool) -> str:
        """What is certain of what is held; all of it at the end."""
        self._ready += self._without_tokens(final=final)
        final = final or self.over
        if not self._begun:
            self._begin(final=final)
        given = len(self._ready) if self._begun or final else 0
        if given and self._one_answer:
            given = self._own_part(final=final)
        seen = self._ready[:given].rstrip()  # blanks at the end of an answer are none of it
        self._ready = self._ready[len(seen) :]
        self.text += seen
        return seen

    def _without_tokens(self, *, final: bool) -> str:
        pieces: list[str] = []
        mark = self._next_mark()
        while mark and (final or len(self._held) - mark.end() >= _AHEAD):
            self._keep(pieces, mark.start())
            self._held = self._held[mark.end() - mark.start() :]
            self._pass(mark)
            if self.over:
                self._held = ""
                return "".join(pieces)
            mark = self._next_mark()
        uncertain = mark.start() if mark else len(self._held) - (0 if final else self._uncertain())
        self._keep(pieces, uncertain)
        return "".join(pieces)

    def _keep(self, pieces: list[str], length: int) -> None:
        """Takes so many characters from what is held; what the model only thinks is dropped."""
        text, self._held = self._held[:length], self._held[length:]
        if not self._thinking:
            pieces.append(text)
            self._spoken = self._spoken or bool(text.strip())

    def _next_mark(self) -> re.Match[str] | None:
        marks = [found for one in (TEMPLATE, _THOUGHT) if (found := one.search(self._held))]
        return min(marks, key=lambda found: found.start(), default=None)

    def _pass(self, mark: re.Match[str]) -> None:
        """Takes note of a token; another's turn ends the answer, once it has begun."""
        if mark.re is _THOUGHT:
            self._thinking = not mark[1]
        elif _NOT_THE_MODEL.search(mark.group()) and self._spoken:
            self.over = True

    def _uncertain(self) -> int:
        """Characters at the end that may be the beginning of a token."""
        tail = self._held[-_LONGEST_TOKEN:]
        begins = max(tail.rfind("<"), tail.rfind("["))
        if begins >= 0 and not re.search(r"[>\]]\W*\s", tail[begins:]):
            return len(tail) - begins
        return 0

    def _begin(self, *, final: bool) -> None:
        """Takes off blanks and a label such as ``Assistant:`` at the very beginning."""
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
        """How much of what is ready the model does not say as if it were its user."""
        before = self.text[-_LONGEST_TOKEN:]
        whole = before + self._ready
        played = _PLAYING.search(whole)
        if played:
            self.over = True
            return max(0, played.start() - len(before))
        line = whole.rfind("\n")
        undecided = not final and line >= len(before) and len(whole) - line < _LONGEST_TURN
        return line - len(before) if undecided else len(self._ready)
