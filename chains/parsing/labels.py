"""Finds the possible labels at line starts, in either language, any width and decoration."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NamedTuple

Kind = Literal["question", "answer", "field", "option", "item", "user", "assistant", "stop"]


class Mark(NamedTuple):
    """A label in the text.

    Attributes:
        start: Where its line begins.
        end: Where its content begins.
        kind: What follows it.
        word: The label's word in lower case; an option's letter.
        number: Its number; 0 for none.
        separator: The character between label and content; empty for none.
        depth: Its heading level; 0 for no heading.
        opened: Emphasis or a bracket that is opened before the label and not closed behind it.
        bullet: Whether the line begins as the item of a bulleted list.
    """

    start: int
    end: int
    kind: Kind
    word: str
    number: int = 0
    separator: str = ""
    depth: int = 0
    opened: str = ""
    bullet: bool = False


_TRADITIONAL = dict(
    zip(
        "問題參標準確實預測復覆難來據釋說類關鍵詞頁碼備註選項證評績對組點識戶機個條詳細簡終總節級層",
        "问题参标准确实预测复复难来据释说类关键词页码备注选项证评绩对组点识户机个条详细简终总节级层",
        strict=True,
    )
)
_PLAIN = {
    ord(letter): text for letter, text in {**_TRADITIONAL, "∶": ":", "︰": ":", "\t": " "}.items()
}


class _Plain(dict[int, str]):
    """One character for one, so that offsets in the plain text are offsets in the reply."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        folded = unicodedata.normalize("NFKC", letter)
        # A circled number stands for itself and its dot.
        self[code] = folded if len(folded) == 1 and not "①" <= letter <= "⑳" else letter
        return self[code]


_FOLDED = _Plain(_PLAIN)

NUMERAL = r"(?:\d{1,4}|[一二三四五六七八九十百零〇两]{1,5}|[①-⑳]|(?<= )[ivx]{1,5}\b)"
# Bullets, brackets, emphasis and emoji: all that is neither a word nor punctuation of a sentence.
_DECOR = r"(?:[^\w\s.,;:!?…。，、；：！？\"'“”‘’$%&/\\=^@{})\]】」』》〉〕〗]|[ _])"
_LEAD = (
    rf"^ *(?P<lead>{_DECOR}{{0,12}}"
    rf"(?:[(]?(?P<item>\d{{1,4}}(?:\.\d{{1,2}})?|[一二三四五六七八九十]{{1,3}}|[①-⑳])(?:[.)、:\ufe0f\]】]"
    rf"|(?<=[①-⑳])){_DECOR}{{0,8}})?)"
)
_QUESTION = (
    r"questions?(?: list)?|ques|query|q|(?:[提疑]问|问题|题目|试题|题干|问|题)(?:列表|清单|部分)?"
    rf"|第(?P<n1>{NUMERAL})[个道条]?(?:问题|问|题)(?=[ :.、)*\]】〕\n]|\Z)"
)
_ANSWER = (
    r"(?:the )?(?:(?:correct|reference|sample|model|suggested|expected|final|ideal|short|real|true"
    r"|predicted|gold) )?answers?(?: is| key| list)?(?: (?:to|for) (?:question|q))?|ans|a"
    r"|(?:参考|标准|正确|真实|预测|最终|示例|完整|详细|简要|建议|模型)?(?:答案|回答|解答|答复"
    r"|作答)(?:是|为|列表|清单|部分)?"
    r"|答|回复|作答"
    rf"|第(?P<n5>{NUMERAL})[个道条]?(?:答案|回答|解答|答)(?=[ :.、)*\]】〕\n]|\Z)"
    rf"|(?:第(?P<n2>{NUMERAL})题|问题(?P<n3>{NUMERAL})?)的?(?:答案|回答|解答)"
)
_FIELD = (
    r"(?:question |answer )?(?:difficulty|source|reason|reasoning|rationale|explanation|evidence"
    r"|reference|type|category|tags?|topic|confidence|score|grade|keywords?|page|options|choices"
    r"|hint|citation|passage|source text|level|quote|justification|location)"
    r"(?: level| score| text)?"
    r"|(?:问题|答案|文本|预测|参考|原文|回答)?(?:难度|难易度|来源|出处|依据|理由|解析|解释|证据"
    r"|页码|题型"
    r"|类型|标签|知识点|考点|分值|得分|评分|成绩|置信度|关键词|备注|选项|段落|原文)(?:等级|级别"
    r"|位置|引用)?"
    r"|(?:答案|原文|补充)?(?:说明|分析|引用)|思路|上下文|context"
)
_ITEM = (
    r"(?:flash)?cards?|item|pair|example|q&a|qa(?: pair)?|例|示例|卡片|问答对?"
    r"|第(?P<n4>\d{1,4}|[一二三四五六七八九十]{1,3})[组对条则]"
)
_USER = r"user|human|instruction|prompt|front|用户|提问者"
_ASSISTANT = r"assistant|bot|ai|gpt|response|output|back|chatglm|助手|助理|机器人|回答者"
_CLOSE = r"[*_`~\]】」』>》〉〕〗\"'”]{0,5}"
_LABEL = re.compile(
    rf"{_LEAD}(?:(?P<field>{_FIELD})|(?P<item_>{_ITEM})|(?P<answer>{_ANSWER})"
    rf"|(?P<question>{_QUESTION})|(?P<user>{_USER})|(?P<assistant>{_ASSISTANT})|(?P<option>[b-h]))"
    r"(?![a-z])"
    r"(?: {0,3}(?:#|no\.?|第|(?<=[qQ])[.-])? {0,2}"
    rf"(?P<inner>[(\[])?(?P<number>{NUMERAL})(?(inner)[)\]]))?"
    r"(?: ?(?:of|/) ?\d{1,3}(?=[ :.)]))?(?: ?[(\[][^()\[\]:\n]{1,24}[)\]])?"
    rf"(?P<close>{_CLOSE}) {{0,4}}(?P<separator>(?:\) ?:|[=-]?>|[:.。、)\-–—=→|])?)"
    rf"(?P<after>{_CLOSE})"
    r"|^ *(?P<rule>(?:-{3,}|\*{3,}|_{3,}|={3,}|(?:- ){2,}-)|(?P<hashes>#{1,6}) ?[^\n]*) *$",
    re.MULTILINE | re.IGNORECASE,
)
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("field", "field"), ("question", "question"), ("answer", "answer"), ("item_", "item"),
    ("user", "user"), ("assistant", "assistant"), ("option", "option"),
)  # fmt: skip
_CLOSING = {"[": "]", "【": "】", "「": "」", "『": "』", "《": "》", "〈": "〉", "〔": "〕",
            "〖": "〗", "<": ">", "(": ")"}  # fmt: skip
_BRACKETS = set(_CLOSING.values()) - {")"}
# A star before a blank is a bullet.
_OPENING = re.compile(rf"\*\*|\*(?! )|__|_|~~|`|[{re.escape(''.join(_CLOSING))}]")
_BULLETED = re.compile(r"(?:[-+•·●▪◆■○◦►▶–—]|\*(?=\s))")
_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
           "八": 8, "九": 9}  # fmt: skip
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


def plain(text: str) -> str:
    """The text, at the same length, with half-width characters and simplified label words."""
    return text if text.isascii() and "\t" not in text else text.translate(_FOLDED)


def scan(shadow: str) -> list[Mark]:
    """All possible labels at line starts, in order.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
    """
    marks: list[Mark] = []
    for found in _LABEL.finditer(shadow):
        mark = _mark(shadow, found)
        if mark:
            marks.append(mark)
    return marks


def number_of(numeral: str | None) -> int:
    """The value of a numeral of any kind; 0 for none."""
    if not numeral:
        return 0
    if numeral in _DIGITS:
        return _DIGITS[numeral]
    if numeral.partition(".")[0].isdecimal():
        return int(numeral.partition(".")[0])
    if "①" <= numeral <= "⑳":
        return ord(numeral) - ord("①") + 1
    if numeral.lower() in _ROMAN:
        return _ROMAN.index(numeral.lower()) + 1
    hundreds, _, rest = numeral.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    total = 100 * _DIGITS.get(hundreds[-1:], 1) if hundreds or numeral.startswith("百") else 0
    if ten:
        return total + 10 * (_DIGITS.get(tens[-1:], 1)) + _DIGITS.get(ones[-1:], 0)
    return total + _DIGITS.get(ones[-1:], 0)


def _mark(shadow: str, found: re.Match[str]) -> Mark | None:
    if found["rule"] is not None:
        return Mark(found.start(), found.end(), "stop", "", depth=len(found["hashes"] or ""))
    group, kind = next(pair for pair in _KINDS if found[pair[0]] is not None)
    word = found[group].lower()
    numerals = (found[name] for name in ("number", "n1", "n2", "n3", "n4", "n5"))
    numeral = next(filter(None, numerals), None)
    ends_line = found.end() == len(shadow) or shadow[found.end()] == "\n"
    if not _stands(found, kind, word, numeral is not None, ends_line, shadow):
        return _heading(shadow, found) if found["lead"].startswith("#") else None
    number = number_of(numeral) or number_of(found["item"])
    lead = found["lead"]
    closed, opened = _closed(found)
    return Mark(
        found.start(),
        closed,
        kind,
        word,
        number,
        found["separator"][-1:],
        len(lead) - len(lead.lstrip("#")),
        opened,
        bool(_BULLETED.match(lead)),
    )


def _closed(found: re.Match[str]) -> tuple[int, str]:
    """Where the label ends, and what it leaves open: it closes only what stands before it.

    A bracket, star or tick that nothing opened is the first character of the content.
    """
    end = found.end() - len(found["after"])
    lead = found["lead"]
    if not lead.strip("# "):
        return end, ""
    due = [_CLOSING.get(mark, mark) for mark in _OPENING.findall(lead)][::-1]
    if found["item"] and due and due[-1] == ")":
        due.pop()
    strange = set(found["close"]) - set("".join(due)) if due else ()
    if found["separator"] and not strange:
        due = [mark for mark in due if mark not in found["close"]]
        after = found["after"]
    else:
        end, after = found.start("close"), found["close"]
    for mark in list(due):
        if after.startswith(mark):
            after, end = after[len(mark) :], end + len(mark)
            due.remove(mark)
    return end, due[0] if due else ""


def _heading(shadow: str, found: re.Match[str]) -> Mark:
    """The matched line as a heading that is not a label."""
    end = shadow.find("\n", found.end())
    depth = len(found["lead"]) - len(found["lead"].lstrip("#"))
    return Mark(found.start(), len(shadow) if end < 0 else end, "stop", "", depth=depth)


def _stands(
    found: re.Match[str], kind: Kind, word: str, numbered: bool, ends_line: bool, shadow: str
) -> bool:
    """Whether the text after the word makes it a label, not the beginning of a sentence."""
    separator = found["separator"][-1:]
    if separator == ":" or (separator == "=" and len(word) > 1):
        return kind != "item" or numbered
    if kind in ("field", "user", "assistant"):
        return bool(_BRACKETS & set(found["close"]))
    if kind == "item":
        return numbered and (ends_line or separator in (".", "、"))
    if kind == "option":
        return separator in (".", "、", ")") and not ends_line
    if word in ("question", "answer", "ques", "ans") and separator == ".":
        return True
    if word in ("q", "a") and separator in (".", "。", "、", ")"):
        return True
    if separator:
        return numbered
    if _BRACKETS & set(found["close"]) or ("*" in found["close"] and "*" in found["lead"]):
        return True
    if ends_line:
        return word not in ("a", "q") or numbered or "#" in found["lead"]
    following = shadow[found.end() - 1]
    return following == " " and (word in ("问", "答") or (numbered and word not in ("a", "q")))
