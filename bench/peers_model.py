"""The simulated model of the comparison: one pair per fact it reads, in the requested format.

Which pairs a request deserves depends on the sentences that stand whole in it, so each tool may cut
and prompt as it likes. The form of a reply follows the request (JSON of either shape, or lines of
question and answer), unless the model is one that does not listen.
"""

from __future__ import annotations

import json
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from bench.peers_documents import Fact

Form = Literal["as asked", "fenced", "lines", "half", "thinking"]
HALVES = 0.3
"""Share of replies that end in their middle where they do at all."""
Messages = list[dict[str, str]]

_SENTENCE = re.compile(r"[^。\n]+。|[^\n]+?[.](?=\s|$)")
_LABEL = re.compile(r"^(?:Q|Text|文字)[:：] *", re.MULTILINE)
_SPACES = re.compile(r"\s+")
_END = re.compile(r"[?.。]+$")


@dataclass(frozen=True)
class Score:
    """The score of a tool's pairs.

    Attributes:
        facts: How many there are in the documents.
        recovered: Facts with a pair.
        wrong: Pairs that the model never said, or said cut off or invented.
        repeated: Pairs beyond the first of their fact.
        equal: Of these, those whose question and answer equal an earlier pair's letter for letter.
    """

    facts: int
    recovered: int
    wrong: int
    repeated: int
    equal: int


@dataclass
class Model:
    """A reply for every request.

    Args:
        facts: All that may stand in a request.
        form: How replies are written.
        seconds: The shortest and the longest time a reply takes beside the server's own.
        inventions: Share of replies (0..1) with a pair too many, about what stands nowhere.
        asked: The pairs that a request deserves, for its text; None for those whose sentences
            stand in one of its lines.

    Attributes:
        answered: Replies so far.
        waited: Seconds that calls took, all together.
        longest: Seconds of the longest.
        first: When the first request came, by the monotonic clock; 0 before.
    """

    facts: Iterable[Fact]
    form: Form = "as asked"
    seconds: tuple[float, float] = (0.05, 0.15)
    inventions: float = 0.0
    asked: Callable[[str], list[tuple[str, str]]] | None = None
    answered: int = 0
    waited: float = 0.0
    longest: float = 0.0
    first: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._facts = tuple(self.facts)
        self._said = {
            _SPACES.sub("", sentence): (question, fact.answer)
            for fact in self._facts
            for sentence, question in zip(fact.sentences, fact.questions, strict=True)
        }
        self._fact_of = {
            _key(question, fact.answer): number
            for number, fact in enumerate(self._facts)
            for question in fact.questions
        }

    def reply(self, messages: Messages) -> str:
        """The model's reply, after its latency."""
        with self._lock:
            self.first = self.first or time.monotonic()
        text = "\n".join(message["content"] for message in messages)
        chance = int(sha256(text.encode()).hexdigest()[:8], 16) / 0x1_0000_0000
        wait = self.seconds[0] + chance * (self.seconds[1] - self.seconds[0])
        time.sleep(wait)
        with self._lock:
            self.answered += 1
            self.waited += wait
            self.longest = max(self.longest, wait)
        if "Summarize this document" in text:
            return "A text about public buildings, when they were built, and what they earn."
        pairs = self.asked(text) if self.asked else self.pairs(text)
        if pairs and chance < self.inventions:
            pairs = [_invention(pairs[0][0]), *pairs]
        reply = written(pairs, text, self.form)
        return reply[: len(reply) // 2] if self.form == "half" and chance < HALVES else reply

    def pairs(self, text: str) -> list[tuple[str, str]]:
        """Question and answer for each sentence of a fact that stands whole in a text."""
        bare = _LABEL.sub("", text)
        found = (self._said.get(_SPACES.sub("", one[0])) for one in _SENTENCE.finditer(bare))
        return [pair for pair in found if pair]

    def score(self, pairs: Iterable[tuple[str, str]]) -> Score:
        """How a tool's pairs compare with what the documents hold."""
        seen: set[int] = set()
        said: set[tuple[str, str]] = set()
        wrong = repeated = equal = 0
        for pair in pairs:
            number = self._fact_of.get(_key(*pair))
            if number is None:
                wrong += 1
                continue
            repeated += number in seen
            equal += pair in said
            seen.add(number)
            said.add(pair)
        return Score(len(self._facts), len(seen), wrong, repeated, equal)


def _key(question: str, answer: str) -> tuple[str, str]:
    """A pair as it is compared: no tool is blamed for widths, blanks or a mark at the end."""
    return _plain(question), _plain(answer)


def _plain(text: str) -> str:
    return _END.sub("", _SPACES.sub("", unicodedata.normalize("NFKC", text)).casefold())


def _invention(question: str) -> tuple[str, str]:
    if question.isascii():
        return f"Which prize was given to the builders? ({question})", "the Golden Compass of 1871"
    return f"建造者获得了什么奖项？（{question}）", "1871年的金罗盘奖"


def written(pairs: list[tuple[str, str]], request: str, form: Form) -> str:
    """Pairs in the form a request asks for, or in the one the model has in mind.

    Args:
        pairs: Questions and answers.
        request: All of its text.
        form: Of the reply.
    """
    listens_to_json = '"question"' in request or '"extractions"' in request
    if form == "lines" or (form == "as asked" and not listens_to_json):
        lines: list[str] = []
        for question, answer in pairs:
            lines += [f"Q: {question}", f"A: {answer}"] if question.isascii() else []
            lines += [] if question.isascii() else [f"问：{question}", f"答：{answer}"]
        return "\n".join(lines) or "没有可以提问的内容。There is nothing to ask about."
    shaped: object = [{"question": question, "answer": answer} for question, answer in pairs]
    if '"extractions"' in request:
        rows = [{"answer": a, "answer_attributes": {"question": q}} for q, a in pairs]
        shaped = {"extractions": rows}
    text = json.dumps(shaped, ensure_ascii=False, indent=1)
    if form == "fenced":
        return f"好的，以下是根据文字整理的问答：\n\n```json\n{text}\n```\n\n希望对您有帮助！"
    if form == "thinking" and pairs:
        question, answer = _invention(pairs[0][0])
        draft = json.dumps([{"question": question, "answer": answer}], ensure_ascii=False)
        return f"<think>\nOne might ask 也许可以问：{draft}\nBut no, 文中没有。\n</think>\n\n{text}"
    return text
