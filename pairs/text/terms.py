"""The words a text is compared by: Chinese by characters, everything else by words."""

import re
from collections.abc import Iterator
from functools import lru_cache

from loaders.characters import HAN

from .figures.numbers import Number, numbers
from .measure_words import AFTER_NUMBERS

__all__ = ["IS_HAN", "Term", "forms", "is_slight", "pieces", "stem", "terms"]

Term = tuple[str, int, int]
"""A word in its comparable form, its first character and one past its last."""

IS_HAN = re.compile(f"[{HAN}]")
_TOKEN = re.compile(rf"\d+(?:[.,:/]\d+)*|[^\W\d_{HAN}]+|[{HAN}]")
# What says nothing of its own: articles, auxiliaries, particles, words that ask.
_SLIGHT = frozenset(
    "第 的 了 是 在 和 与 及 为 由 有 也 就 都 而 被 把 让 以 之 其 该 这 那 此 于 中 上 下 里"
    " 个 们 着 过 到 从 对 将 并 又 或 所 等 什 么 吗 呢 谁 哪 几 何 怎 样 吧 啊 请 问 可 会 能"
    " 要 还 地 得 它 他 她"
    " a an the of to in on at by for with from and or as is are was were be been being do does did"
    " has have had it its this that these those which what who whom whose when where why how there"
    " he she they his her their will would can could shall should may might into than then also"
    " s t not no".split()
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s", "e", "d", "y")
_SHORTEST = 3
"""Letters that a word keeps at the least when its ending is cut off."""


def terms(flat: str) -> Iterator[Term]:
    """The words of a text in order, slight ones included.

    Args:
        flat: What ``flatten`` returns, so that places are those of the original.
    """
    for found in _TOKEN.finditer(flat):
        yield stem(found.group()), found.start(), found.end()


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """A Latin word without its grammatical ending: located and location are one."""
    if len(word) <= _SHORTEST or not word.isascii() or not word.isalpha() or word in _SLIGHT:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            return word[: -len(ending)]
    return word


def is_slight(term: str) -> bool:
    """Whether a word carries no meaning of its own.

    Args:
        term: As ``terms`` gives it.
    """
    return term in _SLIGHT


def pieces(flat: str) -> Iterator[tuple[str, ...]]:
    """The telling words of a text, each in the forms of which one must stand elsewhere.

    A word in letters is its own form; a number is known by its value, however written; a Chinese
    character by its neighbours: of 光 in 由光荣 either 由光 or 光荣 must stand in a text that is to
    hold it.

    Args:
        flat: What ``flatten`` returns.
    """
    rest = list(flat)
    for number in numbers(flat):
        yield from ((value,) for value in _values(number))
        rest[number.start : number.end] = "\n" * (number.end - number.start)
        if flat[number.end : number.end + 1] in AFTER_NUMBERS:
            rest[number.end] = "\n"
    found = list(terms("".join(rest)))
    for at, (word, start, end) in enumerate(found):
        if is_slight(word):
            continue
        if not IS_HAN.match(word):
            yield (word,)
            continue
        forms = []
        if at and found[at - 1][2] == start and IS_HAN.match(found[at - 1][0]):
            forms.append(found[at - 1][0] + word)
        if at + 1 < len(found) and found[at + 1][1] == end and IS_HAN.match(found[at + 1][0]):
            forms.append(word + found[at + 1][0])
        yield tuple(forms) or (word,)


def forms(flat: str) -> Iterator[str]:
    """Every form in which a text holds words: its numbers' values, words, pairs of characters.

    Args:
        flat: What ``flatten`` returns.
    """
    for number in numbers(flat):
        yield from _values(number)
    before, before_end = "", -1
    for word, start, end in terms(flat):
        yield word
        if before and before_end == start and IS_HAN.match(word):
            yield before + word
        before, before_end = (word, end) if IS_HAN.match(word) else ("", -1)


def _values(number: Number) -> Iterator[str]:
    """What a number is worth, as words that no text holds: of a date each part."""
    if number.kind == "label":
        yield f"#{number.unit}"
    for part, value in enumerate(number.value):
        if value is not None:
            yield f"#{number.kind if number.kind in ('date', 'time') else ''}{part}:{value}"
