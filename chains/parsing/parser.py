"""Parses any reply into draft pairs, or raises the reason why there are none."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import BaseOutputParser
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, ConfigDict

from ..errors import ReplyError
from ..records import LOOP, DraftPair, is_watched
from .cleaning import clean
from .failure_reasons import asks_nothing, is_placeholder, without_pairs
from .findings import Findings
from .json_pairs import read_json, unescaped, wrapped_words
from .labelled import read_labels
from .lists import read_lists
from .mappings import read_mappings
from .markup import has_tagged_labels, read_markup, without_tags
from .tables import read_tables, read_unheaded
from .trimming import (
    ends_as_question,
    trimmed_answer,
    trimmed_question,
    without_delimiters,
    without_remark,
)

_SPACES = re.compile(r"\s+")
# Longer replies come only from loops; the text beyond counts as cut off.
_MOST_LINES = 20_000
_MOST_CHARACTERS = 500_000
_LINE = re.compile("\n")
_LONG = 100_000
_MOST_LAYOUTS = 6
_REST = re.compile(r"\A\s*```[^\S\n]*(?:\n|\Z)")
_OPENED = re.compile(r"\s*(?:^ *```\w{0,10} *\n)?[\[{(\s]*\Z", re.MULTILINE)
_ANNOUNCED = re.compile(
    r"问答|問答|Q&A|pairs|表格|JSON|questions|\A(?:\*\*|#|【|[一二三四五六七八九十]、|第|part|section)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[(（]?[A-H][)）]?\W?|[A-H](?: ?[,，、]? ?[B-H])+")
_SHORT = 80
_ESCAPES = re.compile(r"\\[n\"]")


class ParsedReply(BaseModel):
    """The complete pairs of a reply, in order; at least one.

    Attributes:
        drafts: The pairs.
        dropped_tail: Whether a last pair was left out because it may be unfinished.
    """

    model_config = ConfigDict(frozen=True)

    drafts: tuple[DraftPair, ...]
    dropped_tail: bool = False


class ParsedPairs(list[DraftPair]):
    """The pairs of a message, as the output of a chain.

    Attributes:
        message: The reply they were read from; None if it was a plain string.
        dropped_tail: As for ``ParsedReply``; False for a reply that was ended in a loop.
    """

    def __init__(self, read: ParsedReply, message: AIMessage | None = None) -> None:
        super().__init__(read.drafts)
        self.message = message
        self.dropped_tail = read.dropped_tail


class PairParser(BaseOutputParser[list[DraftPair]]):
    """Parses the question-answer pairs in a model's reply, without guessing any.

    It reads labels in either language, lists, tables and JSON, whole or broken, with any text the
    model wrote around them. Pairs are in the order of the reply, repeated ones as often as they
    occur.

    Attributes:
        examples: The prompt's worked examples, which are not pairs of a reply.
        example_names: Whom those are about: invented names, which no document has.
        instructions: The prompt's text without the document, to recognise an echo of it.

    Example:
        >>> reply = '{"question": "大桥何时通车？", "answer": "2018年10月24日"}'
        >>> PairParser().parse(reply)[0].answer
        '2018年10月24日'
    """

    examples: tuple[DraftPair, ...] = ()
    example_names: tuple[str, ...] = ()
    instructions: str = ""

    def parse(self, text: str) -> list[DraftPair]:
        """The pairs of a reply that was not truncated.

        Args:
            text: The model's words, any string at all.

        Raises:
            ReplyError: There is no whole pair in it; the code says why.
        """
        return list(self.read(text).drafts)

    def read(self, text: str, *, truncated: bool = False) -> ParsedReply:
        """The pairs of a reply that may be truncated.

        Args:
            text: The model's words, any string at all.
            truncated: The token limit cut the reply: a last pair that nothing closes is left out.

        Raises:
            ReplyError: There is no whole pair in it; the code says why.
        """
        cleaned = clean(text)
        words = _bounded(cleaned.text)
        if has_tagged_labels(words):
            words = without_tags(words)
        found = _best_findings(words)
        for plain_text in (
            unescaped(words) if _ESCAPES.search(words) else words,
            without_tags(words),
        ):
            if not found.pairs and plain_text != words:
                found = _best_findings(_bounded(plain_text))
        beyond = len(_bounded(cleaned.text)) < len(cleaned.text)
        cut = truncated or beyond
        dropped = found.tail == "dropped" or cleaned.still_thinking or beyond
        drafts = _drafts(found)
        if cut and found.tail == "open":
            drafts, dropped = drafts[:-1], True
        drafts = without_delimiters(drafts)
        kept = self._own([DraftPair(question=q, answer=a) for q, a in drafts])
        if kept:
            return ParsedReply(drafts=tuple(kept), dropped_tail=dropped)
        unfinished = cut or cleaned.still_thinking
        if drafts and all(asks_nothing(question) for question, _ in drafts):
            raise ReplyError("reply.nothing")
        raise ReplyError(self._reason(words, found, bool(drafts), unfinished))

    def invoke(
        self,
        input: str | BaseMessage,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[DraftPair]:
        """The pairs of a message or a text.

        Raises:
            ReplyError: There is no whole pair in it; its ``message`` is the reply.
        """
        if isinstance(input, BaseMessage) and not is_watched(config):
            return self.parse_result([ChatGeneration(message=input)])
        return super().invoke(input, config, **kwargs)

    def parse_result(
        self,
        result: list[Generation],
        *,
        partial: bool = False,  # noqa: ARG002 - LangChain's signature
    ) -> ParsedPairs:
        """The pairs of a message, whose metadata says whether it was truncated.

        Args:
            result: The message, as LangChain passes it to a parser.
            partial: Ignored: partial replies are not parsed.

        Raises:
            ReplyError: There is no whole pair in it; its ``message`` is the reply.
        """
        message = getattr(result[0], "message", None)
        facts = message.response_metadata if message is not None else {}
        finish = facts.get("finish_reason")
        truncated = facts.get("truncated", finish == "length")
        try:
            read = self.read(result[0].text, truncated=bool(truncated) or finish == LOOP)
        except ReplyError as error:
            error.message = message
            raise
        if finish == LOOP:
            read = read.model_copy(update={"dropped_tail": False})
        return ParsedPairs(read, message)

    def _own(self, drafts: list[DraftPair]) -> list[DraftPair]:
        known = {(_key(pair.question), _key(pair.answer)) for pair in self.examples}
        return [
            pair
            for pair in drafts
            if (_key(pair.question), _key(pair.answer)) not in known
            and not any(name in f"{pair.question}\n{pair.answer}" for name in self.example_names)
            and not is_placeholder(pair.question, pair.answer)
            and not asks_nothing(pair.question)
        ]

    def _reason(self, text: str, found: Findings, echoed: bool, unfinished: bool) -> str:
        if echoed:
            return "reply.echo"
        reason = without_pairs(text, self.instructions)
        if reason in ("reply.unreadable", "reply.empty") and unfinished:
            return "reply.unfinished"
        if reason == "reply.unreadable" and found.unanswered > 1:
            return "reply.unanswered"
        if reason == "reply.unreadable" and found.tail == "dropped":
            return "reply.unfinished"
        return reason


def _bounded(text: str) -> str:
    """The reply, cut to the most characters and lines that are read."""
    text = text[:_MOST_CHARACTERS]
    if text.count("\n") < _MOST_LINES:
        return text
    return text[: next(islice(_LINE.finditer(text), _MOST_LINES - 1, None)).start()]


def _best_findings(text: str) -> Findings:
    """The pairs of the layout that begins earliest, and of those that follow it."""
    decoded = read_json(text)
    words = "" if decoded.pairs else wrapped_words(text)
    if words:
        return _best_findings(words)
    found = _first_layout(text, decoded)
    position = 0
    for _ in range(_MOST_LAYOUTS if len(text) < _LONG else 1):
        if not found.end:
            break
        position += found.end
        rest = _REST.sub("", text[position:], count=1)
        position = len(text) - len(rest)
        more = _first_layout(rest, read_json(rest))
        if not more.pairs or rest[: more.start].rpartition("\n")[2].strip(" \t`>"):
            break
        repeated = set(more.pairs) <= set(found.pairs)  # the same once more in another layout
        found = Findings(
            found.pairs + ([] if repeated else more.pairs),
            found.start,
            more.tail,
            found.unanswered + more.unanswered,
            more.end,
        )
    return found


def _first_layout(text: str, decoded: Findings) -> Findings:
    """The findings of the reader whose first pair begins earliest in the text."""
    labelled = read_labels(text)
    blocks = [decoded, read_markup(text), read_tables(text), read_mappings(text)]
    first = min(
        (found for found in blocks if found.pairs), key=lambda found: found.start, default=None
    )
    if first and (not labelled.pairs or first.start <= labelled.start):
        return first
    if labelled.pairs:
        before = _above_block(text, first.start) if first else 0
        if first and before > labelled.start:
            return read_labels(text[:before])._replace(end=first.start, tail="closed")
        return labelled
    if labelled.unanswered:
        return labelled
    others = [read_unheaded(text), read_lists(text)]
    return next(
        (found for found in others if found.pairs),
        max([*blocks, *others], key=lambda found: found.unanswered),
    )


def _above_block(text: str, place: int) -> int:
    """Where the text above a table or data ends; 0 if these are part of the answer above them.

    A blank line must stand between. A paragraph above the block that ends in a colon opens an
    answer's example, unless it announces pairs or is a heading: then it belongs to neither.
    """
    above = text[:place]
    bare = above[: len(above) - len(_OPENED.search(above[-60:])[0])]  # type: ignore[index]
    if "\n\n" not in above[len(bare) :].replace(" ", ""):
        return 0
    begin = bare.rfind("\n\n") + 1
    paragraph = bare[begin:].strip()
    announced = len(paragraph) < _SHORT and bool(_ANNOUNCED.search(paragraph))
    if announced and not read_labels(paragraph).pairs:
        return begin
    return 0 if paragraph.endswith((":", "：")) else len(bare)


def _drafts(found: Findings) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for position, (raw_question, raw_answer) in enumerate(found.pairs, 1):
        question, answer = trimmed_question(raw_question), trimmed_answer(raw_answer)
        if position == len(found.pairs):
            answer = trimmed_answer(without_remark(answer, [said for _, said in pairs]))
        # A number in the place of a question is that of one elsewhere, and a letter in the place
        # of an answer that of an option which was not found.
        asks = any(map(str.isalpha, question)) or ends_as_question(question)
        if (asks or is_placeholder(question, answer)) and answer and not _LETTER.fullmatch(answer):
            pairs.append((question, answer))
    return pairs


def _key(text: str) -> str:
    return _SPACES.sub("", text)
