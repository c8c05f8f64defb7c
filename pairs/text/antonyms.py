"""Families of mutually exclusive words: antonyms, kinship terms, seasons, places and the like."""

import json
import re
from collections import Counter
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from loaders.characters import HAN

__all__ = [
    "PLACES",
    "Members",
    "Occurrence",
    "belongs",
    "exclusive",
    "members",
    "occurrences",
    "single_opposites",
    "stands_for",
]

Members = dict[int, Counter[str]]
"""Family number -> how often a text names each of its members."""

PLACES = 0
"""Number of the family of countries, provinces and cities."""

_LATIN = re.compile(r"[a-z\u00c0-\u024f][a-z0-9\u00c0-\u024f'.&]*")
_HAN = re.compile(f"[{HAN}]")
_TIME = frozenset(
    "before january spring monday morning today 春季 星期一 今天 今年 过去 上午".split()
)
"""First words of the families of more than two members that express time."""
_MAX_PHRASE = 4
"""Words in the longest English phrase looked up."""


@cache
def _word_lists() -> dict[str, list[str]]:
    path = Path(__file__).with_name("opposites.json")
    words: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return words


@cache
def _opposite_characters() -> frozenset[str]:
    """Pairs of single characters that are antonyms by themselves: 东北部 and 东南部."""
    return frozenset(
        one + other
        for group in _word_lists()["characters"]
        for one in group
        for other in group
        if one != other
    )


@cache
def _families() -> list[list[list[str]]]:
    folder = Path(__file__).parent
    words = _word_lists()
    places = json.loads((folder / "places.json").read_text(encoding="utf-8"))["places"]
    families = [
        [member.strip().split("|") for member in line.split(" / ")]
        for line in [*words["zh"], *words["en"]]
    ]
    return [[line.split("|") for line in places], *families]


@cache
def _index() -> dict[str, list[tuple[int, str]]]:
    """Word -> its families, each with the canonical (first) form of the member it is."""
    index: dict[str, list[tuple[int, str]]] = {}
    for number, family in enumerate(_families()):
        for member in family:
            for word in member:
                index.setdefault(word, []).append((number, member[0]))
    return index


@cache
def _longest_word() -> dict[str, int]:
    """First character -> length in characters of the longest Chinese word beginning with it."""
    longest: dict[str, int] = {}
    for word in _index():
        if _HAN.match(word):
            longest[word[0]] = max(len(word), longest.get(word[0], 0))
    return longest


@cache
def _first_character() -> re.Pattern[str]:
    """Matches the first character of any Chinese word of a family."""
    return re.compile("[" + "".join(map(re.escape, _longest_word())) + "]")


class Occurrence(NamedTuple):
    """A family member at ``start``..``end`` (one past the last character) of a text."""

    family: int
    member: str
    start: int
    end: int


def members(flat: str) -> Members:
    """How often a text names each member of each family; longest match first.

    Args:
        flat: Half width, lower case, simplified.
    """
    counts: Members = {}
    for word in occurrences(flat):
        counts.setdefault(word.family, Counter())[word.member] += 1
    return counts


@lru_cache(maxsize=1 << 10)
def occurrences(flat: str) -> tuple[Occurrence, ...]:
    """The family members that a text names, with their places; longest match first.

    Args:
        flat: Half width, lower case, simplified.
    """
    index = _index()
    return tuple(
        Occurrence(family, member, start, end)
        for word, start, end in [*_chinese_words(flat), *_english_words(flat)]
        for family, member in index[word]
    )


def _chinese_words(flat: str) -> list[tuple[str, int, int]]:
    index, longest = _index(), _longest_word()
    found: list[tuple[str, int, int]] = []
    place = 0
    while match := _first_character().search(flat, place):
        place = match.start()
        length = longest[flat[place]]
        while length and flat[place : place + length] not in index:
            length -= 1
        if length:
            end = min(place + length, len(flat))
            found.append((flat[place:end], place, end))
        place += length or 1
    return found


def _english_words(flat: str) -> list[tuple[str, int, int]]:
    index = _index()
    tokens = [(_without_possessive(hit.group()), *hit.span()) for hit in _LATIN.finditer(flat)]
    found: list[tuple[str, int, int]] = []
    place = 0
    while place < len(tokens):
        for length in range(min(_MAX_PHRASE, len(tokens) - place), 0, -1):
            parts = tokens[place : place + length]
            phrase = " ".join(word for word, _, _ in parts)
            if phrase in index:
                found.append((phrase, parts[0][1], parts[-1][2]))
                place += length - 1
                break
        place += 1
    return found


def _without_possessive(token: str) -> str:
    """The token without a possessive ending or a final full stop."""
    if token.endswith(("'s", "s'")) and token not in _index():
        token = token[:-2]
    return token if token in _index() else token.rstrip(".'")


def exclusive(mine: Members, theirs: Members, *, opposites: bool) -> bool:
    """Whether two texts each name a member of one family that the other does not name.

    Args:
        mine: Members in the first text.
        theirs: Members in the second text.
        opposites: True to compare families of two, where the negation of one means the other
            (成功, 失败); False to compare larger ones (春, 夏, 秋, 冬).
    """
    return any(
        mine[family] - theirs[family] and theirs[family] - mine[family]
        for family in mine.keys() & theirs.keys()
        if (len(_families()[family]) == 2) is opposites
    )


def belongs(word: str) -> bool:
    """Whether a word is a member of some family.

    Args:
        word: Half width, lower case, simplified.
    """
    return word in _index()


@cache
def stands_for(family: int) -> bool:
    """Whether members of a family replace each other: antonyms and expressions of time.

    Args:
        family: Its number, as in ``Occurrence.family``.
    """
    members_of_it = _families()[family]
    return len(members_of_it) == 2 or members_of_it[0][0] in _TIME


def single_opposites(one: str, other: str) -> bool:
    """Whether two strings are single characters of opposite sense: 上 and 下.

    Args:
        one: A string of the first text.
        other: The string in its place in the second.
    """
    return one + other in _opposite_characters()
