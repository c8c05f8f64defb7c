"""Collects pairs from decoded JSON of any nesting, by the meaning of its field names."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Literal

from .choices import Options, chosen

_WRAPPED = ("text", "content", "value", "内容", "文本")
_SPEAKER = ("role", "from", "speaker", "角色")
_SAID = ("content", "value", "text", "内容")
_NESTED_STRINGS = 3
_LETTER = re.compile(r"^\s*[(（]?[A-H][)）.．、:：]\s*")


class Members(list[tuple[str, Any]]):
    """The members of one JSON object in order, repeated names included."""


class PairCollector:
    """Pairs questions and answers in the order in which they are given to it.

    Attributes:
        pairs: The pairs so far.
        pending: A question still without its answer.
        unanswered: The number of questions without an answer.
        first: Offset of the first member read from broken JSON; -1 before one.
    """

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.pending = ""
        self.unanswered = 0
        self.first = -1
        self._options: Options = {}
        self._input_follows = False

    def ask(self, question: str) -> None:
        """Adds a question; a pending one counts as unanswered."""
        self.unanswered += bool(self.pending)
        self.pending = question.strip()
        self._options = {}

    def answer(self, answer: str) -> None:
        """Adds the answer to the pending question; without one it is ignored."""
        if self.pending and answer.strip():
            self.pairs.append((self.pending, chosen(answer, self._options)))
        elif self.pending:
            self.unanswered += 1
        self.pending = ""

    def take(self, value: Any) -> None:
        """Reads one decoded value, with pairs at any depth."""
        waiting: list[tuple[Any, int]] = [(value, 0)]
        while waiting:
            value, unpacked = waiting.pop()
            if isinstance(value, Members):
                waiting.extend((inner, unpacked) for inner in reversed(self._object(value)))
            elif isinstance(value, list):
                if not self._couple(value):
                    waiting.extend((inner, unpacked) for inner in reversed(value))
            elif isinstance(value, str) and unpacked < _NESTED_STRINGS:
                inner = _unpacked(value)
                if inner is not None:
                    waiting.append((inner, unpacked + 1))

    def _object(self, members: Members) -> list[Any]:
        """Reads an object's own members and returns the values to descend into."""
        if members[1:] and all(name in tuple("ABCDEFGH") for name, _ in members):
            self.offer(members)
            return []
        members = _questions_first(_as_spoken(members))
        deeper: list[Any] = []
        if self._parallel(members):
            return deeper
        for position, (name, value) in enumerate(members):
            role = role_of(name)
            words = _words(value)
            if role == "question" and words is not None:
                self.ask(words)
            elif role == "answer" and words is not None and (self.pending or not deeper):
                self._answer_after_options(words, members[position + 1 :])
            elif role == "options":
                self.offer(value)
            elif name.strip().lower() == "input" and words is not None:
                self._input(words)
            elif name.rstrip().endswith(("?", "？")) and words:
                self.ask(name)
                self.answer(words)
            else:
                deeper.append(value)
        return deeper

    def offer(self, value: Any) -> None:
        """Adds the options of the pending question: an object by letters, or a list."""
        if isinstance(value, Members):
            self._options = {key.strip().upper()[:1]: _words(text) or "" for key, text in value}
        elif isinstance(value, list):
            letters = "ABCDEFGH"
            texts = [_LETTER.sub("", _words(text) or "") for text in value]
            self._options = dict(zip(letters, texts, strict=False))

    def _answer_after_options(self, words: str, rest: list[tuple[str, Any]]) -> None:
        for name, value in rest:
            if role_of(name) == "options":
                self.offer(value)
        self.answer(words)

    def _input(self, words: str) -> None:
        # The Alpaca format: an instruction and its input.
        if self.pending and words.strip():
            self.pending = f"{self.pending}\n{words.strip()}"
        elif not self.pending:
            self.ask(words)

    def _parallel(self, members: Members) -> bool:
        """Reads parallel lists of questions and answers in one object."""
        lists = {role_of(name): value for name, value in members if type(value) is list}
        questions, answers = lists.get("question"), lists.get("answer")
        if not questions or not answers or len(questions) != len(answers):
            return False
        asked = [_said(text, "question") for text in questions]
        said = [_said(text, "answer") for text in answers]
        if None in (*asked, *said):
            return False
        for question, answer in zip(asked, said, strict=True):
            self.ask(question or "")
            self.answer(answer or "")
        return True

    def _couple(self, value: list[Any]) -> bool:
        """Reads a list of just a question and its answer."""
        match value:
            case [str(question), str(answer)] if question.rstrip().endswith(("?", "？")):
                if answer.rstrip().endswith(("?", "？")):
                    return False
                self.ask(question)
                self.answer(answer)
                return True
        return False


def _said(value: Any, role: Role) -> str | None:
    """The text of one of parallel lists: a string, or the member of an object that means it."""
    if isinstance(value, Members):
        said = [inner for name, inner in value if role_of(name) == role]
        value = said[0] if len(said) == 1 else None
    return value if isinstance(value, str) else None


def _questions_first(members: Members) -> Members:
    """The members with the question in front, where one answer stands before one question."""
    roles = [role_of(name) for name, _ in members]
    if roles.count("question") != 1 or roles.count("answer") != 1:
        return members
    asked, said = roles.index("question"), roles.index("answer")
    if said > asked:
        return members
    return Members([members[asked], *members[:asked], *members[asked + 1 :]])


def strings(value: Any) -> list[str]:
    """All strings in a decoded value, in order."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Members):
            waiting.extend(inner for _, inner in reversed(value))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
    return found


def _as_spoken(members: Members) -> Members:
    """A chat message as one member named after its role; other objects unchanged."""
    named = {name.strip().lower(): value for name, value in members}
    speaker = next((named[key] for key in _SPEAKER if isinstance(named.get(key), str)), None)
    said = next((named[key] for key in _SAID if isinstance(named.get(key), str)), None)
    if speaker is None or said is None or role_of(speaker) is None:
        return members
    return Members([(speaker, said)])


def _words(value: Any) -> str | None:
    """A value as text: scalars, lists of scalars as lines, wrapped text; None for others."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Members):
        named = dict(value)
        inner = next((named[key] for key in _WRAPPED if isinstance(named.get(key), str)), None)
        return inner if inner is not None and not any(role_of(name) for name in named) else None
    if isinstance(value, list) and value:
        said = [_words(inner) if isinstance(inner, str | Members) else None for inner in value]
        return None if None in said else "\n".join(filter(None, said))
    return None


def _unpacked(text: str) -> Any:
    """The value of a string that contains JSON; None for other strings."""
    if text.lstrip()[:1] not in ("[", "{", '"') or '"' not in text:
        return None
    try:
        return json.loads(
            text,
            strict=False,
            object_pairs_hook=Members,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
    except (ValueError, RecursionError):
        return None


Role = Literal["question", "answer", "options"]

_TRADITIONAL = str.maketrans("問題參標準確實測復覆", "问题参标准确实测复复")
_NAMES: dict[str, Role] = {
    **dict.fromkeys(
        "question questions q query queries ques prompt instruction instructions user human"
        " 问题 问 提问 题目 题干 问句 指令 用户 用户问题"
        " 问题内容 问题描述 questiontext front stem".split(),
        "question",
    ),
    **dict.fromkeys(
        "answer answers a ans response responses reply completion output outputs assistant gpt bot"
        " 答案 答 回答 解答 答复 回复 回应 输出 助手 参考答案 标准答案 正确答案 真实答案"
        " 答案内容 回答内容 正解"
        " solution correct correctoption correctanswer referenceanswer answertext"
        " goldanswer groundtruth back".split(),
        "answer",
    ),
    **dict.fromkeys("options choices 选项 选择项".split(), "options"),
}
_NOISE = re.compile(r"[\W\d_]+|[一二三四五六七八九十]+$")
_ASIDE = re.compile(r"[（(][^()（）]*[)）]")
_LONGEST = 24


@lru_cache(maxsize=1024)
def role_of(name: str) -> Role | None:
    """The role that a key, a column heading or a speaker's name means; None for other names.

    Args:
        name: The name as written, possibly with a number: ``Question_1``, ``问题一``.
    """
    if len(name) > _LONGEST:
        return None
    said = name.strip().lower().translate(_TRADITIONAL)
    return _NAMES.get(_NOISE.sub("", said)) or _NAMES.get(_NOISE.sub("", _ASIDE.sub("", said)))
