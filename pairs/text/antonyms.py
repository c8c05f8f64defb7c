"""Words of which one excludes another: opposites, kinship, seasons, places and the like."""

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
"""Family -> how often each of its members is named."""

PLACES = 0
"""The family of countries, provinces and cities."""

_LATIN = re.compile(r"[a-z\u00c0-\u024f][a-z0-9\u00c0-\u024f'.&]*")
_HAN = re.compile(f"[{HAN}]")
_WHEN = frozenset(
    "before january spring monday morning today 春季 星期一 今天 今年 过去 上午".split()
)
"""First words of the families of more than two that say when."""
_PHRASE = 4
"""Words in the longest English name looked for."""


@cache
def _words() -> dict[str, list[str]]:
    path = Path(__file__).with_name("opposites.json")
    words: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return words


@cache
def _opposed() -> frozenset[str]:
    """The pairs of characters that stand for opposites on their own: 东北部 and 东南部."""
    return frozenset(
        one + other
        for group in _words()["characters"]
        for one in group
        for other in group
        if one != other
    )


@cache
def _families() -> list[list[list[str]]]:
    folder = Path(__file__).parent
    words = _words()
    places = json.loads((folder / "places.json").read_text(encoding="utf-8"))["places"]
    families = [
        [member.strip().split("|") for member in line.split(" / ")]
        for line in [*words["zh"], *words["en"]]
    ]
    return [[line.split("|") for line in places], *families]


@cache
def _index() -> dict[str, list[tuple[int, str]]]:
    """Word -> the families it belongs to, and the first name of its member there."""
    index: dict[str, list[tuple[int, str]]] = {}
    for number, family in enumerate(_families()):
        for member in family:
            for word in member:
                index.setdefault(word, []).append((number, member[0]))
    return index


@cache
def _longest() -> dict[str, int]:
    """First character of a Chinese word -> length of the longest word that begins with it."""
    longest: dict[str, int] = {}
    for word in _index():
        if _HAN.match(word):
            longest[word[0]] = max(len(word), longest.get(word[0], 0))
    return longest


@cache
def _beginnings() -> re.Pattern[str]:
    """The characters with which Chinese words of families begin."""
    return re.compile("[" + "".join(map(re.escape, _longest())) + "]")


class Occurrence(NamedTuple):
    """A word of a family where it stands in a text."""

    family: int
    member: str
    start: int
    end: int


def members(flat: str) -> Members:
    """The members of each family that a text names, the longest word first.

    Args:
        flat: Half width, lower case, simplified.
    """
    found: Members = {}
    for word in occurrences(flat):
        found.setdefault(word.family, Counter())[word.member] += 1
    return found


@lru_cache(maxsize=1 << 10)
def occurrences(flat: str) -> tuple[Occurrence, ...]:
    """The members of families that a text names, and where; the longest word first.

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
    index, longest = _index(), _longest()
    found: list[tuple[str, int, int]] = []
    place = 0
    while begins := _beginnings().search(flat, place):
        place = begins.start()
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
    tokens = [(_singular(hit.group()), *hit.span()) for hit in _LATIN.finditer(flat)]
    found: list[tuple[str, int, int]] = []
    place = 0
    while place < len(tokens):
        for length in range(min(_PHRASE, len(tokens) - place), 0, -1):
            parts = tokens[place : place + length]
            phrase = " ".join(word for word, _, _ in parts)
            if phrase in index:
                found.append((phrase, parts[0][1], parts[-1][2]))
                place += length - 1
                break
        place += 1
    return found


def _singular(token: str) -> str:
    """The token without a possessive ending or a closing full stop."""
    if token.endswith(("'s", "s'")) and token not in _index():
        token = token[:-2]
    return token if token in _index() else token.rstrip(".'")


def exclusive(mine: Members, theirs: Members, *, opposites: bool) -> bool:
    """Whether each of two texts names a member of some family that the other does not.

    Args:
        mine: The members one text names.
        theirs: Those the other names.
        opposites: Whether families of two, of which a denial of one means the other, are
            looked at (成功, 失败), or those of more (春, 夏, 秋, 冬).
    """
    return any(
        mine[family] - theirs[family] and theirs[family] - mine[family]
        for family in mine.keys() & theirs.keys()
        if (len(_families()[family]) == 2) is opposites
    )


def belongs(word: str) -> bool:
    """Whether a word is a member of some family.

    Args:
        word: Flattened.
    """
    return word in _index()


@cache
def stands_for(family: int) -> bool:
    """Whether a member can only stand in the place of another: opposites, and what says when.

    Args:
        family: As ``occurrences`` numbers it.
    """
    found = _families()[family]
    return len(found) == 2 or found[0][0] in _WHEN


def single_opposites(one: str, other: str) -> bool:
    """Whether two stretches are opposite characters: 上 and 下.

    Args:
        one: A stretch.
        other: What stands in its place.
    """
    return one + other in _opposed()
