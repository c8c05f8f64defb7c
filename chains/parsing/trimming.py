"""Trims questions and answers: emphasis, bullets, fences, closing remarks, extra fields."""

from __future__ import annotations

import re
from collections import Counter

from pairs.text.list_markers import without_leading_marker

_QUOTES = "\"'”’」』*_) ）\n\t~`"
_FIELD_LINE = re.compile(
    r"^[ \t#*\-•·>【\[]{0,8}(?P<name>[^\W\d_][\w ]{0,14})[*】\]]{0,3}[:：]", re.MULTILINE
)
_NUMBERED = re.compile(r"(?<=[^\W\d]) ?\d{1,3}\Z")
_BULLET = re.compile(
    r"^[ \t]*(?:[-*+•·●▪■○–—→:]|->|=>)[ \t]+"
    "|^[ \t]*[\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]\ufe0f?[ \t]*(?=\\S)"
)
_JOINT = re.compile(r"([?？][\"'”’」』*_)）]{0,4})\s{0,4}(?:→|[=-]?>|[,，—–-]+)\Z")
# The kind of a question, and its number behind it.
_TYPE = re.compile(
    r"^[【\[(（](?:[^】\])）\n]{0,6}题|[a-z /-]{0,20}(?:choice|true/false|blank|answer))[】\])）]"
    r"\s*(?:\d{1,3}[、.．)）]\s*)?",
    re.IGNORECASE,
)
# Closing remarks address the user or mention the pairs; answers are about their subject.
_CLOSING = re.compile(
    r"^[ \t>*#（(【\[_-]{0,6}(?:"
    r"(?:如果|若|如)(?:[您你]|还|仍)?[^\n]{0,24}(?:其他|更多|帮助|随时|告诉|疑问|进一步|继续"
    r"|補充|補充|调整)"
    r"|希望(?:这|這|以上|上述|能|对[您你]|对所有|我)|(?:总之[，,]?)?(?:以上|上述)(?:是|就是|为"
    r"|為|问|問|即|内容"
    r"|共|这)"
    r"|请(?:随时|告诉我|问(?:还|您|你))|請(?:隨時|告訴我)|(?:这|這)(?:些|几个|就是"
    r"|份)[^\n]{0,8}(?:问题|問題|问答|問答)"
    r"|(?:注|请注意|说明)[:：，]?[^\n]{0,40}(?:答案|问答|问题|以上|原文|文本)|祝[您你]"
    r"|还有(?:什么|其他)"
    r"|需要(?:我|更多)|欢迎(?:随时|继续|提)|(?:我)?已根据|问答对?(?:结束|完毕|到此)"
    r"|i hope|hope (?:this|these|that)|let me know|please (?:let|feel free)|feel free"
    r"|if you(?:'d| would| have| need| want|'re)[^\n]{0,40}(?:more|other|further|help|let me"
    r"|question)"
    r"|these (?:are|questions|question|pairs|q&a|answers)|would you like|do you (?:want|need)"
    r"|is there anything|(?:please )?note(?::| that)?[^\n]{0,60}(?:question|answer|pair|text"
    r"|passage)"
    r"|(?:that is|that's) all|end of (?:the )?(?:q|list|pairs|output)|the above (?:q|pairs|are)"
    r"|thank you|happy to help|good luck)",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\W{0,4}(?:[^\n]{0,60}(?:问答|問答|问题|問題|答案|原文|文本|文段|段落|提问|出题|生成|以上|上述|本文)"
    r"|共|总结|祝|完\W|end\b|total|summary|note\b|[（(【\[][^\n]*[)）】\]]\W{0,2}\Z"
    r"|(?:[^\W\d_]{1,12}[:：][^\n]{0,60}(?:\n|\Z)){1,6}\Z"
    r"|[^\n]{0,60}\b(?:questions?|answers?|pairs?|passage|text|q&a|generated|flashcards?)\b"
    r"|(?:[一二三四五六七八九十]{1,2}、|第.{1,2}部分|part \d|section \d)[^。.!！\n]{0,40}\Z)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"^(?:总之|總之|总的来说|總的來說|总而言之|综上|综合来看|in (?:summary|conclusion|short)\b"
    r"|overall,|to sum up)",
    re.IGNORECASE,
)
_BRACKETS = "]】」』》〉〕〗>)"
_EMPTY_FENCE = re.compile(r"\n```\w{0,10}\s{0,4}\n```\w{0,10}\Z")
_TITLE = re.compile(r"^[ \t]*\*\*[^*\n]{1,60}\*\*[ \t]*$")
_BOLD = re.compile(r"\*\*(?P<inner>[^*]+)\*\*\Z")
_ITALIC = re.compile(r"(\*|_{1,2})(?P<inner>[^*_]+)\1\Z")
_OPENED = ("【", "[", "(", "（")
_DELIMITERS = {"“": "”", '"': '"', "「": "」", "『": "』", "‘": "’", "'": "'", "”": "”", "«": "»"}


def ends_as_question(text: str) -> bool:
    """Whether a plain text ends with a question mark, closing quotes and brackets aside."""
    return text.rstrip(_QUOTES).endswith(("?", "？"))


def first_line(shadow: str, begin: int, end: int) -> tuple[int, int]:
    """The start and end of the first non-blank line within a span."""
    stretch = shadow[begin:end]
    lead = len(stretch) - len(stretch.lstrip())
    stop = stretch.find("\n", lead)
    return begin + lead, (end if stop < 0 else begin + stop)


def trimmed_question(text: str) -> str:
    """A question without emphasis, list marks or blanks around it."""
    text = text.strip().rstrip(" |;；")
    if not text.endswith(("?", "？")):
        text = _JOINT.sub(r"\1", text)
    text = _bare(_BULLET.sub("", text))
    if text[:1] in _OPENED:
        text = _TYPE.sub("", text)
    slanted = _ITALIC.match(text) if text[:1] in ("*", "_") else None
    return without_leading_marker(slanted["inner"].strip() if slanted else text)


def trimmed_answer(text: str) -> str:
    """An answer without emphasis, a single bullet, fences or titles around it."""
    text = _bare(text.strip())
    text = _EMPTY_FENCE.sub("", text)
    if text.count("```") % 2:
        head, _, rest = text.rpartition("```")
        text = head.rstrip() if not rest.strip() else text
    head, _, last = text.rpartition("\n\n")
    if head and _TITLE.match(last):
        text = head.rstrip()
    bullet = _BULLET.match(text)
    if bullet and not _BULLET.search(text[text.find("\n") + 1 :] if "\n" in text else ""):
        text = text[bullet.end() :]
    return _bare(text.strip())


def without_remark(answer: str, others: list[str]) -> str:
    """The last answer of a reply without the model's closing remark to the user.

    Args:
        answer: A trimmed answer, its paragraphs divided by blank lines.
        others: The answers before it: if each is one paragraph, the last one's second paragraph
            is a remark as soon as it speaks of questions, answers or the text.
    """
    short = bool(others) and not any("\n\n" in other.strip() for other in others)
    if others and not any("\n" in other.strip() for other in others):
        answer = _until(answer, _CLOSING, "\n")
    return _until(_until(answer, _CLOSING), _REMARK) if short else _until(answer, _CLOSING)


def without_summary(answer: str) -> str:
    """The last answer of an unlabelled list without a paragraph that summarises the list.

    Args:
        answer: An answer, its paragraphs divided by blank lines.
    """
    return _until(answer, _SUMMARY)


def _until(answer: str, ending: re.Pattern[str], between: str = "\n\n") -> str:
    begin = len(answer) - len(answer.lstrip())
    place = answer.find(between, begin)
    while place >= 0:
        if ending.match(answer[place : place + 200].lstrip()):
            return answer[:place].rstrip(" \n-—*_")
        place = answer.find(between, place + len(between))
    return answer


def without_recurring_fields(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs without field lines that recur in most of their answers.

    Args:
        pairs: Questions and answers; a line such as ``章节：3`` counts unless it is the first.
    """
    places = [
        {_NUMBERED.sub("#", mark["name"].strip().lower()): mark.start() for mark in marks}
        for marks in (_later_fields(answer) for _, answer in pairs)
    ]
    counts = Counter(name for found in places for name in found)
    recurring = {
        name
        for name, times in counts.items()
        if times > 2 - name.endswith("#") and times * 5 >= len(pairs) * 3
    }
    if not recurring:
        return pairs
    kept: list[tuple[str, str]] = []
    for (question, answer), found in zip(pairs, places, strict=True):
        cuts = [place for name, place in found.items() if name in recurring]
        kept.append((question, answer[: min(cuts, default=len(answer))]))
    return kept


def _later_fields(answer: str) -> list[re.Match[str]]:
    begin = len(answer) - len(answer.lstrip())
    first = answer.find("\n", begin)
    return [] if first < 0 else list(_FIELD_LINE.finditer(answer, first))


def _bare(text: str) -> str:
    """The text without the stars that make all of it bold, or that are left of such."""
    bold = _BOLD.match(text) if text.startswith("**") else None
    if bold:
        return bold["inner"].strip()
    if text.count("**") % 2:
        text = text.removesuffix("**")
    return text.strip()


def without_opened(content: str, opened: str) -> str:
    """The content of a label without the mark that closes what was opened before the label.

    Args:
        content: The text behind the label, such as ``Who built it?** (easy)``.
        opened: The closing mark that is due, ``**`` or a bracket; empty for none.
    """
    if not opened or opened not in content:
        return content
    if opened in _BRACKETS:
        return content.rstrip().removesuffix(opened)
    before, _, behind = content.partition(opened)
    return before + behind


def without_delimiters(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs without quotation marks, if these stand around every question and answer.

    Args:
        pairs: Trimmed questions and answers; quotes that only some of them have are content.
    """
    if not pairs or not all(_delimited(text) for pair in pairs for text in pair):
        return pairs
    return [(question[1:-1].strip(), answer[1:-1].strip()) for question, answer in pairs]


def _delimited(text: str) -> bool:
    close = _DELIMITERS.get(text[:1])
    return bool(close) and len(text) > 2 and text.find(str(close), 1) == len(text) - 1
