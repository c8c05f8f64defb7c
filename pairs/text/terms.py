"""Tokenisation for comparison: Chinese by character, everything else by stemmed word."""

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from operator import add

from loaders.characters import HAN

from .figures.numbers import Number, numbers
from .figures.rounding import BOUND_AFTER, BOUND_BEFORE, ROUGH_AFTER, ROUGH_BEFORE
from .flat import flatten
from .measure_words import AFTER_NUMBERS

__all__ = [
    "IS_HAN",
    "PLAIN_NUMBER",
    "Term",
    "all_forms",
    "content_words",
    "form_set",
    "forms",
    "is_slight",
    "pieces",
    "stem",
    "terms",
]

Term = tuple[str, int, int]
"""Stemmed token, its first character and one past its last."""

PLAIN_NUMBER = "#0:"
"""What the keys of numbers begin with that are no dates, times or labels; their value follows."""
IS_HAN = re.compile(f"[{HAN}]")
_TOKEN = re.compile(rf"\d+(?:[.,:/]\d+)*|[^\W\d_{HAN}]+|[{HAN}]")
_RUN = re.compile(rf"\d+(?:[.,:/]\d+)*|[^\W\d_{HAN}]+|(?P<han>[{HAN}]+)")
# Stop words: articles, auxiliaries, particles, question words.
_STOP_WORDS = frozenset(
    "第 的 了 是 在 和 与 及 为 由 有 也 就 都 而 被 把 让 以 之 其 该 这 那 此 于 中 上 下 里"
    " 个 们 着 过 到 从 对 将 并 又 或 所 等 什 么 吗 呢 谁 哪 几 何 怎 样 吧 啊 请 问 可 会 能"
    " 要 还 地 得 它 他 她"
    " a an the of to in on at by for with from and or as is are was were be been being do does did"
    " has have had it its this that these those which what who whom whose when where why how there"
    " he she they his her their will would can could shall should may might into than then also"
    " s t not no".split()
)
_SUFFIXES = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s", "e", "d", "y")
_MIN_STEM = 3
"""Letters of the shortest stem."""


def terms(flat: str) -> Iterator[Term]:
    """The tokens of a text in order, stop words included.

    Args:
        flat: Flattened, so that offsets are those of the original.
    """
    for found in _TOKEN.finditer(flat):
        word = found.group()
        yield (word if len(word) <= _MIN_STEM else stem(word)), *found.span()


@lru_cache(maxsize=1 << 13)
def stem(word: str) -> str:
    """The stem of an English word, by suffix stripping: walks and walking give walk."""
    if len(word) <= _MIN_STEM or not word.isascii() or not word.isalpha() or word in _STOP_WORDS:
        return word
    for ending in _SUFFIXES:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            left = word[: -len(ending)]
            # A d is an ending after a silent e only: use and used, but stand, lead and need.
            if ending == "d" and (left[-1] != "e" or left[-2] == "e"):
                continue
            return left
    return word


def is_slight(term: str) -> bool:
    """Whether a token is a stop word.

    Args:
        term: As ``terms`` yields it.
    """
    return term in _STOP_WORDS


def pieces(flat: str) -> Iterator[tuple[str, ...]]:
    """The content words of a text, each as a tuple of alternative keys.

    Another text has the word if it has any of its keys (see ``forms``). A word in letters has its
    stem as its only key, a number its value, however written. A Chinese character has the bigrams
    it belongs to: for 光 in 由光荣 another text must have 由光 or 光荣.

    Args:
        flat: Flattened, as by ``flatten``.
    """
    rest = list(flat)
    for number in numbers(flat):
        first, *others = map(tuple, map(_values, (number, *number.also)))
        yield from ((value, *itertools.chain(*others)) for value in first)
        start, end = _with_rounding(flat, number)
        rest[start:end] = "\n" * (end - start)
        if flat[number.end : number.end + 1] in AFTER_NUMBERS:
            rest[number.end] = "\n"
    told = "".join(rest)
    for hit in _RUN.finditer(told):
        run = hit.group()
        if not hit.lastgroup:
            word = stem(run)
            if not is_slight(word):
                yield (word,)
        elif len(run) > 1:
            bigrams = list(map(add, run, run[1:]))
            for at, char in enumerate(run):
                if not is_slight(char):
                    yield tuple(bigrams[max(0, at - 1) : at + 1])
        # A lone character beside a number only joins it to its sentence: 自1983年起.
        elif not is_slight(run) and "\n" not in told[max(0, hit.start() - 1) : hit.end() + 1]:
            yield (run,)


def _with_rounding(flat: str, number: Number) -> tuple[int, int]:
    """Start and end of a number with the words that make it rough or a bound: 约, at least."""
    start, end = number.start, number.end
    for before, after in ((ROUGH_BEFORE, ROUGH_AFTER), (BOUND_BEFORE, BOUND_AFTER)):
        if (found := before.search(flat, max(0, start - 20), start)) is not None:
            start = found.start()
        if (found := after.match(flat, end)) is not None:
            end = found.end()
    return start, end


def forms(flat: str) -> Iterator[str]:
    """All keys of a text that those of ``pieces`` may match: number values, words, Han bigrams.

    Args:
        flat: Flattened, as by ``flatten``.
    """
    for number in numbers(flat):
        for reading in (number, *number.also):
            yield from _values(reading)
    before, before_end = "", -1
    for word, start, end in terms(flat):
        yield word
        if not IS_HAN.match(word):
            before = ""
            continue
        if before and before_end == start:
            yield before + word
        before, before_end = word, end


def form_set(flat: str) -> set[str]:
    """What ``forms`` yields, without its order, in a third of the time.

    Args:
        flat: Flattened, as by ``flatten``.
    """
    found = {
        value
        for number in numbers(flat)
        for reading in (number, *number.also)
        for value in _values(reading)
    }
    for hit in _RUN.finditer(flat):
        run = hit.group()
        if hit.lastgroup:
            found.update(run)
            found.update(map(add, run, run[1:]))
        else:
            found.add(stem(run))
    return found


@lru_cache(maxsize=1 << 8)
def content_words(text: str) -> tuple[tuple[str, ...], ...]:
    """The content words of a text, flattened or not, as ``pieces`` gives them."""
    return tuple(pieces(flatten(text)))


@lru_cache(maxsize=1 << 10)
def all_forms(text: str) -> frozenset[str]:
    """All keys of a text, flattened or not (see ``forms``)."""
    return frozenset(form_set(flatten(text)))


def _values(number: Number) -> Iterator[str]:
    """Keys for a number's value, one per date part; # keeps them apart from words."""
    if number.kind == "label":
        yield f"#{number.unit}"
    for part, value in enumerate(number.value):
        if value is not None:
            yield f"#{number.kind if number.kind in ('date', 'time') else ''}{part}:{value}"
