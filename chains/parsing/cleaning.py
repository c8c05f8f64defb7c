"""Cleans a reply: removes thoughts, chat-template tokens, played turns and broken characters."""

from __future__ import annotations

import re
from typing import NamedTuple

from loaders import whole_characters

from .json_walk import role_of
from .template_tokens import (
    MARKERS,
    MODEL_ROLES,
    OTHER_ROLES,
    PIPED_NAME,
    SPECIAL_NAMES,
    THOUGHT_TAGS,
)
from .trimming import ends_as_question

_ROLE = rf"(?:{OTHER_ROLES}|{MODEL_ROLES}|moss)"
_TURN = re.compile(
    rf"<\|im_start\|>\s{{0,4}}(?P<im>{_ROLE})\b|<\|start_header_id\|>(?P<header>{_ROLE})"
    rf"<\|end_header_id\|>|<start_of_turn>(?P<gemma>{_ROLE})\b|<\|(?P<bare>{_ROLE})\|>:?"
    rf"|<｜(?P<wide>{_ROLE})｜>|(?P<inst>\[INST\])|\[/INST\]"
    r"|(?P<end><\|endoftext\|>|<｜end▁of▁sentence｜>|<\|end_of_text\|>)",
    re.IGNORECASE,
)
_OTHERS = frozenset(OTHER_ROLES.split("|"))
_THOUGHTS = (
    rf"{THOUGHT_TAGS}|thoughts|reflection|scratchpad|analysis|(?:inner_)?monologue|antthinking"
    r"|cot|chain_of_thought|planning|reason|reflexion|deliberation"
)
_THOUGHT = re.compile(
    rf"[<\[◁](?P<close>/?)(?:\w{{1,12}}:)?(?:{_THOUGHTS})(?:\s[^<>\n]{{0,120}})?[>\]▷]"
    rf"|<\|(?P<bar>/?)(?:{_THOUGHTS})\|>|<\|(?:(?:begin|start)_(?:of_)?|(?P<end>end_(?:of_)?))(?:{_THOUGHTS})\|>"
    r"|<details[^<>\n]{0,120}(?:reasoning|think)[^<>\n]{0,120}>|(?P<shut></details>)"
    r"|<details[^<>\n]{0,80}>\s{0,8}<summary>[^<\n]{0,40}(?:th(?:ink|ought)|reason|思考|推理)"
    r"[^<\n]{0,40}</summary>"
    r"|<unused94>(?:thought\b)?|(?P<unused><unused95>)",
    re.IGNORECASE,
)
# Thoughts and reply under headings of plain words, or under the names of channels whose tokens
# were lost.
_HEADED = re.compile(
    r"\A\W{0,4}(?:think(?:ing)?(?: process)?|thoughts?(?: process)?|reasoning|analysis"
    r"|(?:我的)?(?:思考|推理|分析)(?:过程|過程)?)\W{0,4}(?:\n|[:：]).*"
    r"^\W{0,6}(?:final |here is the )?"
    r"(?:answer|output|response|reply|result|pairs|done thinking"
    r"|(?:最终|最終|正式)?(?:回答|答案|输出|輸出|结果|結果|问答对|問答對))\W{0,4}$"
    r"|\A(?:okay|ok|let me|let's|first|alright|嗯|首先|好的?，(?:我|让|用户))[^\n]*\n.*"
    r"^\W{0,6}(?:final|最终|最終|正式)\s?(?:answer|output|response|回答|答案|输出|結果|结果)\W{0,4}$"
    r"|\Aanalysis(?-i:(?=[A-Z\u4e00-\u9fff])).*?assistant(?:<[^<>\n]{1,20}>)?final",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_ALL = re.compile(r"\A<(?P<name>\w{1,20})>(?P<inner>.*?)</(?P=name)>\Z", re.DOTALL)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s{0,4}final\s{0,4}<\|message\|>")
# <s> and </s> may be HTML of the document: tokens only at a reply's beginning and at its end.
_TOKEN = re.compile(
    rf"<\|{PIPED_NAME}\|>:?|<｜[^｜\n]{{1,30}}｜>|\[gMASK\]\s{{0,4}}<?sop>?\b>?|{MARKERS}"
    rf"|<(?:{SPECIAL_NAMES}|eoh)>|\A\s*(?:<s>|sop\b)|</s>(?=\s*\Z)",
    re.IGNORECASE,
)
# A list's sign that an editor escaped, lest it became a list.
_ESCAPED = re.compile(r"^(?P<lead>[ *#>]{0,8}\w{0,12}?\d{0,3})\\(?P<sign>[.)#>\[\-])", re.MULTILINE)
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Invisible characters: NUL and other controls, zero-width marks, byte order marks.
_UNSEEN = dict.fromkeys(
    [
        *range(9),
        *range(14, 32),
        127,
        0xAD,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    ]
)
_JOINERS = re.compile(r"(?<=[\w:：])[\u200c\u200d](?=[\w:：])")
# The look-behind keeps long runs of white space linear: only a run's first blank starts a match.
_TRAILING = re.compile(r"(?<![ \t\u3000\xa0])[ \t\u3000\xa0]+(?=\n|\Z)")
# The model's name in front of what it says, where it plays a dialogue without tokens.
_ROLE_NAMED = re.compile(
    r"^(?:assistant|chatgpt|bot|ai|助手|助理)[:：]\s*(?=(?:[*#【\[]{0,4}(?:question|问题|問題)|q\d)\W?)",
    re.MULTILINE | re.IGNORECASE,
)
_QUOTE = re.compile(r"^ {0,3}(?:> ?){1,3}", re.MULTILINE)
_GAP = re.compile(r"\n{3,}")


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
    if text.count("\\*\\*") > 1 and "**" not in text:
        text = text.replace("\\*", "*")  # Markdown that was escaped once more
    text = _ESCAPED.sub(r"\g<lead>\g<sign>", text)
    text = _JOINERS.sub("", text.replace("<0x0A>", "\n").replace("\u2581", " "))
    text, still_thinking = _without_thoughts(_own_turn(_from_final_channel(text)))
    text = _ROLE_NAMED.sub("", _unquoted(text))
    text = _HEADED.sub("", _TOKEN.sub("", text).strip(), count=1)
    if "\n" not in text:
        text = text.replace("<n>", "\n")  # ChatGLM's own line break, where no other is
    text = _GAP.sub("\n\n", _TRAILING.sub("", text)).strip()
    wrapped = _ALL.match(text)
    if wrapped and role_of(wrapped["name"]) != "question":
        inner = wrapped["inner"].strip()
        text = text if f"<{wrapped['name']}>" in inner else inner
    return Cleaned(text, still_thinking)


def _unquoted(text: str) -> str:
    """The text without the signs of blockquotes, if all its questions stand in them."""
    lines = text.strip().split("\n")
    asking = [line for line in lines[:-1] if ends_as_question(line)]
    if not asking or not all(_QUOTE.match(line) for line in asking):
        return text
    return _QUOTE.sub("", text)


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


def thoughts(text: str) -> str:
    """What a reply's model thought, as it stands in tags in front of the reply; empty for nothing.

    Args:
        text: The raw reply.
    """
    found = list(_THOUGHT.finditer(text))
    ends = [mark for mark in found if mark["close"] or mark["bar"] or mark["end"] or mark["unused"]]
    if not ends:
        return ""
    begin = found[0].end() if found[0] is not ends[0] else 0
    return text[begin : ends[0].start()].strip()


def _without_thoughts(text: str) -> tuple[str, bool]:
    pieces: list[str] = []
    thinking, position = False, 0
    for mark in _THOUGHT.finditer(text):
        if mark["close"] or mark["bar"] or mark["end"] or mark["unused"] or mark["shut"]:
            if thinking:
                thinking, position = False, mark.end()
            elif not mark["shut"] and _ends_line(text, mark.end()):
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
