"""Options of multiple-choice questions, and answers that name an option by its letter."""

from __future__ import annotations

import re

Options = dict[str, str]

_LETTERED = re.compile(
    r"[(（\[【]?\s{0,3}(?P<letter>[A-Ha-hＡ-Ｈ])\s{0,3}(?:[)）\]】]?[.．、:：。,，)）]?)\s*(?P<text>.*)",
    re.DOTALL,
)
_LETTERS = re.compile(
    r"[(（\[]?\s{0,3}([A-HＡ-Ｈ])(?:[\s,，、;；和及&]|and){0,6}([A-HＡ-Ｈ])?"
    r"(?:[\s,，、;；和及&]|and){0,6}([A-HＡ-Ｈ])?(?:[\s,，、;；和及&]|and){0,6}([A-HＡ-Ｈ])?"
    r"[)）\]]?[.。．、]?\Z"
)
_WIDE = str.maketrans("ＡＢＣＤＥＦＧＨ", "ABCDEFGH")
_SAME = re.compile(r"[\s.。,，;；]+")


def chosen(answer: str, options: Options) -> str:
    """The answer without its option letter, or the option's text if it is a letter alone.

    Args:
        answer: As the model wrote it: ``B``, ``(B)``, ``B. Lyon``, ``A、C``, or plain words.
        options: The option's text by letter; if empty, the answer is returned unchanged.
    """
    answer = answer.strip()
    if not options:
        return answer
    letters = _LETTERS.match(answer)
    if letters:
        named = [letter.translate(_WIDE) for letter in letters.groups() if letter]
        texts = [options.get(letter, "").strip() for letter in named]
        if all(texts):
            return "\n".join(texts)
    lettered = _LETTERED.match(answer)
    if lettered:
        offered = options.get(lettered["letter"].upper().translate(_WIDE), "")
        plain_text = lettered["text"].strip()
        if plain_text and offered and _SAME.sub("", plain_text).startswith(_SAME.sub("", offered)):
            return plain_text
    return answer


_OFFERED = re.compile(
    r"(?:^|(?<=[\s;；,，]))[(（]?(?P<letter>[A-HＡ-Ｈ])[)）.．、:：]\s{0,4}(?=\S)", re.MULTILINE
)


def offered(text: str) -> Options:
    """The options in a span of text, one per line or all on one line, from A onwards.

    Args:
        text: The text between a question and its answer.
    """
    marks = list(_OFFERED.finditer(text))
    options: Options = {}
    for position, mark in enumerate(marks):
        letter = mark["letter"].translate(_WIDE)
        if letter == chr(ord("A") + len(options)):
            end = marks[position + 1].start() if position + 1 < len(marks) else len(text)
            options[letter] = text[mark.end() : end].strip()
    return options if len(options) > 1 else {}
