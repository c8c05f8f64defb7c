"""Question normalisation: equal results mean equal questions."""

import re
import unicodedata

from .figures.numerals import as_digits
from .flat import flatten
from .periods import with_periods
from .text_cache import text_cached

__all__ = ["is_meaningful_mark", "normalise"]

_CIRCLED = re.compile("^\\s*[①-⒛㈠-㈩❶-➓]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LABEL = re.compile(
    r"\s*(?:[-+]\s+)?[\s*_#>`~•·●○■□▪◆◇►▶✓]*"
    r"(?:(?:question|问题|问|题目|题|q)\s*[(\[]?[0-9一二三四五六七八九十]{0,4}[)\]]?\s*[:.、)]"
    r"|第[0-9一二三四五六七八九十]{1,4}[题问]\s*[:.、,]"
    r"|[(\[【][0-9a-z一二三四五六七八九十]{1,3}[)\]】]"
    r"|[0-9]{1,3}\s*(?:[、)\]:](?!\d)|、(?=\d{4})|\.(?!\d))"
    r"|[一二三四五六七八九十]{1,3}\s*[、.])?[*_\s]*"
)
_POLITE = re.compile(
    r"(?:请问一下|请问|请教一下|请教|麻烦问一下|我?想请问一下|我?想请问|我?想问一下|我?想问问|我?想问"
    r"|我?想知道|请告诉我|告诉我|能告诉我|能否告诉我|可以告诉我|你知道|您知道|谁知道|有谁知道|有人知道"
    r"|问一下|求问|那么)+[,:\s]*"
    r"|(?:(?:please|kindly|can you|could you|would you|will you|tell me|let me know|may i ask"
    r"|i want to know|i would like to know|i'd like to know|do you know)\b[,:\s]*)+"
)
_TRAILING = re.compile(r"(?:呢|吗|呀|啊|嘛|哦|哪(?<=呢哪)|\s)+$")
_LAST = tuple("呢吗呀啊嘛哦哪 ")
_CONTRACTIONS = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
}
_CONTRACTED = re.compile(r"\b(?:can't|cannot|won't|shan't|let's)(?!\w)")
_NOT = re.compile(r"(?<=[a-z])n't\b")
_IS = re.compile(r"\b(what|who|where|when|how|why|which|that|there|here|it|he|she)'s\b")
_EXPANSIONS = (
    (re.compile(r"(?<=[a-z])'re\b"), " are"),
    (re.compile(r"(?<=[a-z])'ve\b"), " have"),
    (re.compile(r"(?<=[a-z])'ll\b"), " will"),
    (re.compile(r"\bi'm\b"), "i am"),
)
_TITLE = re.compile(r"<([^<>\s=][^<>=]{0,80})>")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MARK = re.compile(r"[^\w ]|_")
_LONGEST_KEPT = 400
"""Characters of a text whose normal form is kept: questions and answers, of which several rules ask
for it, and no chunks."""
_WORD = re.compile(r"[a-z0-9\u00c0-\u024f\u0370-\u052f]")


def normalise(text: str) -> str:
    """The canonical form of a question: equal results mean the same question.

    NFKC, half width, lower case, simplified characters; without leading numbering and courtesy,
    final particles (呢, 吗) and punctuation other than inside a number or a name such as C++;
    contractions expanded, number words as digits, quarters and half years as q1 and h1. A text
    of which nothing would remain is only flattened.

    Args:
        text: A question, in Chinese or English.
    """
    return _kept(text) if len(text) <= _LONGEST_KEPT else _normalised(text)


def _normalised(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _CIRCLED.sub("", _INVISIBLE.sub("", text)))
    plain = flatten(plain.lower()).replace("甚么", "什么").strip()
    label = _LABEL.match(plain)
    core = plain[label.end() :] if label else plain
    core = _TITLE.sub(r" \1 ", core)
    core = _despaced(_unpunctuated(_expanded(core)))
    polite = _POLITE.match(core)
    if polite:
        core = core[polite.end() :]
    if core.endswith(_LAST):
        core = _TRAILING.sub("", core)
    core = with_periods(as_digits(core))
    return core or " ".join(plain.split())


_kept = text_cached(_normalised)


def _expanded(text: str) -> str:
    """The text with English contractions expanded."""
    if "'" not in text and "cannot" not in text:
        return text
    text = _CONTRACTED.sub(lambda match: _CONTRACTIONS[match.group()], text)
    text = _IS.sub(r"\1 is", _NOT.sub(" not", text))
    for short, full in _EXPANSIONS:
        text = short.sub(full, text)
    return text


def _unpunctuated(text: str) -> str:
    """The text with a space for every punctuation mark without meaning."""
    text = _THOUSANDS.sub("", text)

    def kept(found: re.Match[str]) -> str:
        char, place = found.group(), found.start()
        if not unicodedata.category(char).startswith(("P", "Z", "C")):
            return char
        before = text[place - 1] if place else " "
        after = text[place + 1 : place + 2] or " "
        return char if is_meaningful_mark(before, char, after) else " "

    return _MARK.sub(kept, text)


def is_meaningful_mark(before: str, char: str, after: str) -> bool:
    """Whether a punctuation mark belongs to a number or a name: 1.5, 10:30, -5, 30%, c#.

    Args:
        before: The preceding character; a blank at the beginning.
        char: The punctuation mark.
        after: The following character; a blank at the end.
    """
    if char == "%":
        return before.isdigit()
    if char == "#":
        return before.isalnum()
    if char in ".:/,-":
        # "--" is a dash, no minus sign.
        minus = char == "-" and before != "-" and not (before.isascii() and before.isalpha())
        return after.isdigit() and (before.isdigit() or minus)
    return False


def _despaced(text: str) -> str:
    """The text with one space between two Latin, Greek or Cyrillic words, and no other space."""
    words = text.split()
    joined: list[str] = []
    for word in words:
        if joined and _WORD.match(joined[-1][-1]) and _WORD.match(word[0]):
            joined.append(" ")
        joined.append(word)
    return "".join(joined)
