"""Cleans a reply: removes thoughts, chat-template tokens, played turns and broken characters."""

from __future__ import annotations

import re
from typing import NamedTuple

from loaders import whole_characters

from .template_tokens import (
    MARKERS,
    MODEL_ROLES,
    OTHER_ROLES,
    PIPED_NAME,
    SPECIAL_NAMES,
    THOUGHT_TAGS,
)

_ROLE = rf"(?:{OTHER_ROLES}|{MODEL_ROLES}|moss)"
_TURN = re.compile(
    rf"<\|im_start\|>\s{{0,4}}(?P<im>{_ROLE})\b|<\|start_header_id\|>(?P<header>{_ROLE})"
    rf"<\|end_header_id\|>|<start_of_turn>(?P<gemma>{_ROLE})\b|<\|(?P<bare>{_ROLE})\|>:?"
    rf"|<｜(?P<wide>{_ROLE})｜>|(?P<inst>\[INST\])|\[/INST\]"
    r"|(?P<end><\|endoftext\|>|<｜end▁of▁sentence｜>|<\|end_of_text\|>)",
    re.IGNORECASE,
)
_OTHERS = frozenset(OTHER_ROLES.split("|"))
_THOUGHT = re.compile(rf"<(?P<close>/?)(?:{THOUGHT_TAGS}|reflection|scratchpad)>", re.IGNORECASE)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s{0,4}final\s{0,4}<\|message\|>")
# <s> and </s> may be HTML of the document: tokens only at a reply's beginning and at its end.
_TOKEN = re.compile(
    rf"<\|{PIPED_NAME}\|>:?|<｜[^｜\n]{{1,30}}｜>|\[gMASK\]\s{{0,4}}<?sop>?\b>?|{MARKERS}"
    rf"|<(?:{SPECIAL_NAMES}|eoh)>|\A\s*(?:<s>|sop\b)|</s>(?=\s*\Z)",
    re.IGNORECASE,
)
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Invisible characters: NUL and other controls, zero-width marks, byte order marks.
_UNSEEN = dict.fromkeys(
    [*range(9), *range(14, 32), 127, 0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF]
)
# The look-behind keeps long runs of white space linear: only a run's first blank starts a match.
_TRAILING = re.compile(r"(?<![ \t\u3000\xa0])[ \t\u3000\xa0]+(?=\n|\Z)")
_GAP = re.compile(r"\n{3,}")
_TAG = re.compile(
    r"<(?P<close>/?)(?:(?P<q>questions?|q|问题|問題|问)|(?P<a>answers?|a|答案|回答|答)"
    r"|qas?|pairs?|qa_?pairs?|item)\d{0,4}>",
    re.IGNORECASE,
)


class Cleaned(NamedTuple):
    """The cleaned text of a reply, and whether it ends inside a thought."""

    text: str
    still_thinking: bool


def clean(text: str) -> Cleaned:
    """The visible text of a reply, its lines ended by line feeds.

    Args:
        text: The raw reply, any string at all.
    """
    text = _LINE_ENDS.sub("\n", whole_characters(text)).translate(_UNSEEN)
    text, still_thinking = _without_thoughts(_own_turn(_from_final_channel(text)))
    text = _untagged(_TOKEN.sub("", text))
    if "\n" not in text:
        text = text.replace("<n>", "\n")  # ChatGLM's own line break, where no other is
    return Cleaned(_GAP.sub("\n\n", _TRAILING.sub("", text)).strip(), still_thinking)


def _from_final_channel(text: str) -> str:
    return _FINAL_CHANNEL.split(text)[-1]


def _own_turn(text: str) -> str:
    """The model's own turn, up to where it begins to play the user or a new document."""
    pieces: list[str] = []
    own, position, said = True, 0, False
    for mark in _TURN.finditer(text):
        if own:
            piece = text[position : mark.start()]
            pieces.append(piece)
            said = said or bool(piece.strip())
        position = mark.end()
        role = mark["im"] or mark["header"] or mark["gemma"] or mark["bare"] or mark["wide"] or ""
        own = not (mark["inst"] or role.lower() in _OTHERS)
        if said and (mark["end"] or not own):
            return "".join(pieces)
    if own:
        pieces.append(text[position:])
    return "".join(pieces)


def _without_thoughts(text: str) -> tuple[str, bool]:
    pieces: list[str] = []
    thinking, position = False, 0
    for mark in _THOUGHT.finditer(text):
        if mark["close"]:
            if thinking:
                thinking, position = False, mark.end()
            elif _ends_line(text, mark.end()):
                # The chat template holds the opening tag: all text before is a thought.
                pieces, position = [], mark.end()
        elif not thinking and _begins_line(text, mark.start()):
            pieces.append(text[position : mark.start()])
            thinking = True
    if not thinking:
        pieces.append(text[position:])
    return "".join(pieces), thinking


def _begins_line(text: str, place: int) -> bool:
    return not text[max(0, place - 20) : place].rpartition("\n")[2].strip(" \t>*")


def _ends_line(text: str, place: int) -> bool:
    return not text[place : place + 20].partition("\n")[0].strip(" \t*")


def _untagged(text: str) -> str:
    """Replaces question and answer tags by labels, if the reply uses both."""
    kinds = {
        kind for mark in _TAG.finditer(text) for kind in ("q", "a") if mark[kind] and mark["close"]
    }
    if len(kinds) < len(("q", "a")):
        return text
    return _TAG.sub(
        lambda mark: (
            "\n"
            if mark["close"]
            else "\nQuestion: "
            if mark["q"]
            else "\nAnswer: "
            if mark["a"]
            else "\n"
        ),
        text,
    )
