"""Reads pairs from replies with labelled questions or answers."""

from __future__ import annotations

from dataclasses import dataclass

from .choices import keyed, offered, without_options
from .findings import NOTHING_FOUND, Findings, Tail
from .inline_labels import spread
from .label_rules import settled
from .labels import Mark, plain, scan
from .learnt_labels import learnt
from .lists import list_before, list_spans, numbered_items, question_before
from .trimming import ends_as_question, first_line, without_opened, without_recurring_fields


@dataclass(slots=True)
class _Entry:
    """A question being read: the spans of its question and answer, and what these leave open."""

    start: int
    question: tuple[int, int]
    number: int = 0
    word: str = ""
    bare: bool = False
    answer: tuple[int, int] | None = None
    opened: tuple[str, str] = ("", "")
    closed: bool = False
    listed: bool = False

    def may_belong_to(self, last: _Entry, text: str) -> bool:
        """Whether this question without an answer may be a line of the answer before it."""
        counted = self.number == (last.number + 1 if last.number else 0)
        said = bool(text[slice(*self.question)].strip())
        return (said or bool(self.bare and self.number)) and not (
            counted and self.word == last.word
        )

    def pair(self, text: str) -> tuple[str, str]:
        """The question and the answer as written; an answer by its option's text."""
        question, answer = text[slice(*self.question)], text[slice(*(self.answer or (0, 0)))]
        return without_options(
            without_opened(question, self.opened[0]), without_opened(answer, self.opened[1])
        )


def read_labels(text: str) -> Findings:
    """Pairs under labels such as ``问题一：``, ``**Answer 2:**`` or ``Q.``, in the reply's order.

    Args:
        text: A cleaned reply.
    """
    shadow = plain(text)
    marks = spread(shadow, settled(scan(shadow), shadow))
    if not any(mark.kind == "answer" for mark in marks):
        marks = learnt(shadow) or marks
    if not any(mark.kind in ("question", "answer") for mark in marks):
        return NOTHING_FOUND
    entries = _Reader(text, shadow, marks).entries()
    _fill_unlabelled(entries, text, shadow)
    return _findings(entries, text, shadow)


class _Reader:
    """One pass over the labels; the text between two labels belongs to the first."""

    def __init__(self, text: str, shadow: str, marks: list[Mark]) -> None:
        self._text = text
        self._shadow = shadow
        self._marks = marks
        self._entries: list[_Entry] = []
        self._unanswered: dict[int, _Entry] = {}

    def entries(self) -> list[_Entry]:
        ends = [mark.start for mark in self._marks[1:]] + [len(self._text)]
        pieces = self._in_order(list(zip(self._marks, ends, strict=True)))
        self._marks = [mark for mark, _ in pieces]
        take = {
            "question": self._question, "item": self._question, "answer": self._answer,
            "field": self._close, "stop": self._close,
        }  # fmt: skip
        for position, (mark, end) in enumerate(pieces):
            take[mark.kind](mark, end, position)
        self._end_before_a_question()
        return self._entries

    def _end_before_a_question(self) -> None:
        """Ends the last answer where a question without label follows that has none itself."""
        last = self._open
        if not last or not last.listed or not last.answer:
            return
        place = question_before(self._shadow, last.answer[0], last.answer[1])
        if place and place[0] > last.answer[0]:
            below = self._text[place[1] : last.answer[1]]
            if ends_as_question(below) or offered(below):
                last.answer = (last.answer[0], place[0])

    def _in_order(self, pieces: list[tuple[Mark, int]]) -> list[tuple[Mark, int]]:
        """The labels with the ends of their text, questions before the answers to them."""
        said = [piece for piece in pieces if piece[0].kind in ("question", "answer")]
        kinds = [mark.kind for mark, _ in said]
        if kinds[:1] != ["answer"] or question_before(self._shadow, 0, said[0][0].start):
            return pieces
        count = kinds.count("question")
        if 1 < count == len(kinds) - count and kinds[:count] == ["answer"] * count:
            numbers = [mark.number for mark, _ in said]
            return said[count:] + said[:count] if numbers[:count] == numbers[count:] else pieces
        if kinds != [("answer", "question")[at % 2] for at in range(len(kinds))] or not count:
            return pieces
        numbers = [mark.number for mark, _ in said]
        rules = {end for mark, end in pieces if mark.kind == "stop"}
        apart = [
            mark.start in rules or self._shadow[max(mark.start - 2, 0) : mark.start] == "\n\n"
            for mark, _ in said
        ]
        if any(a and q and a != q for a, q in zip(numbers[::2], numbers[1::2], strict=False)) or (
            kinds[-1] == "answer" and not (any(apart[2::2]) and not any(apart[1::2]))
        ):
            return pieces
        ordered: list[tuple[Mark, int]] = []
        for answer, (mark, end) in zip(said[::2], said[1::2], strict=False):
            stop = self._text.find("\n\n", mark.end + 1, end)
            ordered += [(mark, end if stop < 0 else stop), answer]
        return ordered

    @property
    def _open(self) -> _Entry | None:
        return self._entries[-1] if self._entries else None

    def _blank(self, begin: int, end: int) -> bool:
        return not self._text[begin:end].strip(" \n*_#")

    def _question(self, mark: Mark, end: int, position: int) -> None:
        last = self._open
        if last and last.answer is None:
            if self._blank(*last.question):
                self._entries.pop()
            elif self._repeats_its_label(last, mark, end):
                last.answer = (mark.end, end)
                return
        entry = _Entry(mark.start, (mark.end, end), mark.number, mark.word)
        entry.bare = not mark.separator or self._text[mark.end : mark.end + 1] == "\n"
        entry.opened = (mark.opened, "")
        self._entries.append(entry)
        if mark.number:
            self._unanswered[mark.number] = entry
        elif entry.bare:
            self._listed(mark, end, position)

    def _listed(self, mark: Mark, end: int, position: int) -> None:
        """Makes entries of a list of questions under one label that numbered answers follow."""
        following = [m for m in self._marks[position + 1 : position + 5] if m.kind != "stop"]
        if [(mark.kind, mark.number) for mark in following[:2]] != [("answer", 1), ("answer", 2)]:
            return
        items = list_spans(self._shadow, mark.end, end)
        if len(items) > 1:
            self._entries[-1:] = [_Entry(at, (at, stop), n) for n, (at, stop) in items.items()]
            self._unanswered = {entry.number: entry for entry in self._entries}

    def _repeats_its_label(self, last: _Entry, mark: Mark, end: int) -> bool:
        """Whether "Q2: ...? Q2: ..." gives a question and, under the same label, its answer."""
        if not mark.number or last.number != mark.number or last.word != mark.word:
            return False
        asked = self._shadow[slice(*last.question)]
        return ends_as_question(asked) and not ends_as_question(self._shadow[mark.end : end])

    def _answer(self, mark: Mark, end: int, position: int) -> None:
        entry = self._open
        if mark.number and entry and entry.number != mark.number:
            # All questions come first, the answers follow under the same numbers.
            entry = self._unanswered.get(mark.number, entry)
        if entry is None or entry.answer is not None:
            self._answer_without_label(mark, end, position)
            return
        begin = mark.end
        if mark.word == "a" and not mark.separator and not entry.number and self._blank(begin, end):
            # "A2" below an uncounted question is the answer 2 without its colon.
            begin = mark.start + self._shadow[mark.start : mark.end].lower().find("a") + 1
        entry.answer = (begin, end)
        entry.opened = (entry.opened[0], mark.opened)
        self._unanswered.pop(entry.number, None)

    def _answer_without_label(self, mark: Mark, end: int, position: int) -> None:
        """Adds an answer whose question has no label, or a wrong one."""
        last = self._open
        if self._asks(mark, end, position):
            self._entries.append(_Entry(mark.start, (mark.end, end), mark.number))
            return
        begin = last.answer[0] if last and last.answer else 0
        limit = mark.start
        place = self._list_above(begin, limit, mark, end) or question_before(
            self._shadow, begin, limit
        )
        if place:
            if last and last.answer:
                last.answer = (last.answer[0], min(last.answer[1], place[0]))
            entry = _Entry(place[0], (place[1], limit), len(self._entries) + 1, listed=True)
            entry.answer = (mark.end, end)
            entry.opened = ("", mark.opened)
            self._entries.append(entry)
        elif last and mark.word == "a" and mark.separator != ":" and not last.closed:
            self._extend(last, mark, end)
        elif last:
            last.closed = True

    def _list_above(
        self, begin: int, limit: int, mark: Mark, end: int
    ) -> tuple[int, int, int] | None:
        """The span of a list of questions whose answers follow as a list under one label."""
        listed = numbered_items(self._text, self._shadow, mark.end, end)
        if self._entries or not (listed or keyed(self._text[mark.end : end])):
            return None
        return list_before(self._shadow, begin, limit)

    def _asks(self, mark: Mark, end: int, position: int) -> bool:
        """Whether "A2: ...?" before another "A2:" is a question under the wrong label."""
        following = self._marks[position + 1] if position + 1 < len(self._marks) else None
        return bool(
            mark.number
            and following
            and following.kind == "answer"
            and following.number == mark.number
            and ends_as_question(self._shadow[mark.end : end])
        )

    def _extend(self, entry: _Entry, mark: Mark, end: int) -> None:
        if entry.answer and entry.answer[1] == mark.start:
            entry.answer = (entry.answer[0], end)

    def _close(self, mark: Mark, end: int, _position: int) -> None:
        last = self._open
        if last is None:
            return
        if mark.word in ("选项", "options", "choices") and last.answer is None:
            last.question = (last.question[0], end)
        if last.answer is not None:
            last.closed = True


def _fill_unlabelled(entries: list[_Entry], text: str, shadow: str) -> None:
    """Takes the text below a question without a labelled answer as its answer, if it is one."""
    candidates: list[tuple[_Entry, tuple[int, int], tuple[int, int], bool]] = []
    for entry in entries:
        if entry.answer is None and not offered(text[slice(*entry.question)]):
            begin, end = first_line(shadow, *entry.question)
            rest = text[end : entry.question[1]]
            items = list_spans(shadow, *entry.question)
            if len(items) > 1 and ends_as_question(text[slice(*items[2])]):
                continue
            if rest.strip() and (entry.bare or ends_as_question(shadow[begin:end])):
                candidates.append(
                    (entry, (begin, end), (end, entry.question[1]), "\n\n" not in rest[:2])
                )
    alone = [entry for entry in entries if entry.answer is None]
    trusted = 2 * len(candidates) > len(alone)
    if len(alone) < len(entries):  # where answers have labels, a paragraph is a remark
        candidates = [candidate for candidate in candidates if candidate[3]]
    for entry, question, answer, adjoining in candidates:
        # A closing remark is separated from the last question by a blank line.
        if adjoining or (trusted and (entry is not entries[-1] or len(candidates) > 1)):
            entry.question, entry.answer = question, answer


def _findings(entries: list[_Entry], text: str, shadow: str) -> Findings:
    pairs: list[tuple[str, str]] = []
    start, unanswered = -1, 0
    tail: Tail = "closed"
    for position, entry in enumerate(entries):
        grouped = _grouped(entry, entries[:position], text, shadow) if entry is entries[-1] else []
        if grouped:
            pairs.extend(grouped)
        else:
            question, answer = entry.pair(text)
            if not answer.strip():
                unanswered += 1
                unsure = (
                    entry is entries[-1] and position and entry.may_belong_to(entries[-2], text)
                )
                tail = "open" if tail == "open" or unsure else "dropped"
                continue
            pairs.append((question, answer))
        start = entry.start if start < 0 else start
        last = max(entry.question[1], entry.answer[1] if entry.answer else 0)
        # A line that is a heading so far may go on as a comment in the answer's code.
        half = text.startswith("#", last) and "\n" not in text[last:]
        tail = "open" if last == len(text) or half else "closed"
    return Findings(without_recurring_fields(pairs), max(start, 0), tail, unanswered)


def _grouped(entry: _Entry, before: list[_Entry], text: str, shadow: str) -> list[tuple[str, str]]:
    """Pairs by number if all questions come first and one label heads all their answers."""
    if entry.answer is None:
        return []
    questions = numbered_items(text, shadow, *entry.question)
    key = keyed(text[slice(*entry.answer)])
    answers = key or numbered_items(text, shadow, *entry.answer, questions)
    if before and not any(other.answer for other in before) and len(answers) > 1:
        asked = [*before, entry]
        questions = {other.number: text[slice(*other.question)] for other in asked}
    if not questions and not answers and not before:
        lines, said = (_lines(text[slice(*span)]) for span in (entry.question, entry.answer))
        if len(lines) == len(said) and all(map(ends_as_question, lines)):
            questions, answers = dict(enumerate(lines)), dict(enumerate(said))
    if len(questions) < 2 or not answers:
        return []
    return [
        without_options(questions[number], answers[number])
        for number in questions
        if number in answers
    ]


def _lines(text: str) -> list[str]:
    """The lines with words, without the bullets that all of them have."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    bullets = all(line[:2] in ("- ", "* ", "• ") for line in lines)
    return [line[2:].strip() for line in lines] if bullets else lines
