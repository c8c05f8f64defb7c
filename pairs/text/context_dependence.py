"""Detects context-dependent questions: this passage, the table above, unresolved pronouns."""

from __future__ import annotations

import json
import re
from pathlib import Path

from loaders.characters import HAN

from .flat import simplified

__all__ = ["leans"]

_NOUNS = json.loads(Path(__file__).with_name("deictic_nouns.json").read_text(encoding="utf-8"))
_HAN = re.compile(f"[{HAN}]")

_TEXT_ZH = "文章|文本|文字|短文|课文|原文|段落|段话|选段|片段|章节|文档"
_REPORTING_ZH = "提到|提及|提起|描述|指出|认为|介绍|说明|强调|列出|讲述|谈到"
_NUMBER_ZH = r"\s?[（(]?[0-9一二三四五六七八九十]"
_REFERS_ZH = re.compile(
    f"(?:本|该|此|这篇|这段|上面的?|上述|以上|下列|给定的?|所给的?|所提供的?)(?:{_TEXT_ZH})"
    "|(?:上述|以上|上面的?|给定的?|所给的?|所提供的?)(?:材料|资料|信息|内容|表格|图表|例子|代码)"
    "|(?:^|[,，。；]|根据|依据|按照|按|从|在|由|据|结合)"
    "(?:本文|上文|下文|前文|文中|文章中|原文中?|全文|课文|材料|段落|图中|表中|上表|下表|上图|下图"
    "|如图|如表|该表|该图|此表|此图|本表|本图|本章|本节|本段|该文|此文)"
    f"|(?:文中|文章|作者|原文|上文|前面|上面)(?:所|是?如何|怎样|怎么|曾)?(?:{_REPORTING_ZH})"
    "|(?:如|见)(?:上|下)?(?:图|表)(?:所示|中)?|前述|^上述|^以上"
)
# A numbered table, figure or page means something only beside its document.
_NUMBERED_ZH = re.compile(
    rf"(?<![{HAN}])(?:附?图|附?表格?|公式|附件|附录){_NUMBER_ZH}"
    rf"|(?:根据|依据|按照|按|从|在|由|据|参照|结合|见|如)(?:附?图|附?表格?|公式|附件|附录){_NUMBER_ZH}"
    rf"|第{_NUMBER_ZH}[0-9一二三四五六七八九十百零〇\s至到~\-—]{{0,9}}页"
    rf"|(?:^|^请问|^在|^根据|^按照)第{_NUMBER_ZH}[0-9一二三四五六七八九十百零〇]{{0,4}}[条章节]"
)
# 应该, 样本 and 基本 are words of their own; 该怎么 and 该由 ask what should be.
_THIS_ZH = re.compile(
    "(?:(?<![样基版成资日课剧标脚文根副原书账话抄范蓝读绘译])"
    "(?<![一二三四五六七八九十几两数哪每0-9])本"
    "|(?<![应合活理本])[该此])"
    f"(?P<noun>{'|'.join(_NOUNS['zh']['long'])}"
    f"|(?:{'|'.join(_NOUNS['zh']['short'])})"
    "(?=[的是在属由与和有为于何哪什几多共会能可应将最上中内，,？?]|$))"
    "|(?:^|^请问|^在|^对|^对于|^关于)(?:这|那)(?:一)?(?:些|[个种家项部本条款座位类份次届场])"
)
_NAMED_ZH = re.compile(r"[《“「『\"'A-Za-z]")
_CLAUSE_ZH = re.compile(f"[{HAN}]{{4,}}[^，,；;：:]*[，,；;：:]")
_PRONOUN_ZH = re.compile(
    "^(?:请问)?(?:他们?|她们?|它们?|牠们?|这个人|那个人|此人|这里|那里|其)(?![人国乡他中实])"
)

_TEXT_EN = "|".join(_NOUNS["en"]["texts"])
_SEEN_EN = "|".join(_NOUNS["en"]["displays"])
_ADJECTIVES_EN = r"(?:[a-z-]{1,20}\s+){0,2}?"
# Behind a noun that stands alone; text editor and table tennis are things of their own.
_ALONE_EN = (
    r"(?=\s*(?:[?,.;:)]|$)|\s+(?:has|have|had|is|are|was|were|do|does|did|can|could|will|would"
    r"|shall|should|may|might|must|that|which|who|about|as|to|and|or|for|with|by|when|if"
    r"|says?|shows?|lists?|gives?|names?|contains?|describes?)\b)"
)
_REFERS_EN = re.compile(
    rf"\b(?:above|following|preceding|previous|provided|given)\s+(?:{_TEXT_EN}|{_SEEN_EN}){_ALONE_EN}"
    rf"|\b(?:the|this|these)\s+{_ADJECTIVES_EN}(?:{_TEXT_EN}|{_SEEN_EN})s?\s+(?:above|below)\b"
    rf"|\b(?:according to|based on|in|from|of|by|per)\s+the\s+"
    rf"(?:(?:given|provided|above|present|current)\s+)?"
    rf"(?:passage|text|excerpt|paragraph|article|document|extract|snippet|chunk|section|{_SEEN_EN}"
    rf"|author|context|information){_ALONE_EN}"
    r"|\b(?:does|do|did) the (?:passage|text|excerpt|paragraph|article|document|authors?) (?:say"
    r"|mention|describe|state|argue|claim|suggest|discuss|refer|give|provide|explain)\b"
    rf"|\bthe (?:present|current) (?:{_TEXT_EN}){_ALONE_EN}"
    r"|\b(?:mentioned|described|listed|shown|given)"
    r" (?:above|below|earlier|in the (?:passage|text))\b",
    re.IGNORECASE,
)
_OF_NAMED = r"(?!\s+(?:of|in|on|from)\s+(?:the\s+|an?\s+)?(?:[a-z]+\s+)?[A-Z0-9\"“])"
_NUMBERED_EN = re.compile(
    rf"\b(?:[Tt]ables?|[Ff]igures?|[Ff]igs?\.?|[Ee]quations?|[Ee]qs?\.?|[Ll]istings?|[Ee]xhibits?)\s"
    rf"\(?(?:\d|[IVXLC]+\b|[A-Z]\b|[A-Z][-.]?\d)[\w.-]*\)?{_OF_NAMED}"
    rf"|\b[Pp](?:ages?|p?\.)\s\d[\d\s–—-]*{_OF_NAMED}"
)
_THIS_TEXT_EN = re.compile(rf"\bthis\s+{_ADJECTIVES_EN}(?P<noun>{_TEXT_EN})\b", re.IGNORECASE)
_THIS_EN = re.compile(
    rf"\b(?:this|these)\s+{_ADJECTIVES_EN}(?:{'|'.join(_NOUNS['en']['things'])})s?\b",
    re.IGNORECASE,
)
# What a question has told before it says this or these: a name, a quotation or a whole clause.
_NAMED_EN = re.compile(r".[\s(][A-Z0-9]|[\"“‘*`]|\w+ \w+[^,]*,")
_WH_EN = (
    r"^(?:what|when|where|why|how|who|whom|which \w{1,30}"
    r"|how (?:many|much|long|old|far|big|large|high|often)(?: \w{1,30})?) "
)
_AUX_EN = "(?:did|does|do|was|were|is|are|has|have|had|can|could|will|would|should|may|must)"
_PRONOUN_EN = re.compile(
    rf"{_WH_EN}{_AUX_EN} (?:he|she|they|his|her|their|its|these|those)\b"
    rf"|^{_AUX_EN} (?:he|she|they|his|her|their|its)\b"
    # It stands for a clause where one follows: how long does it take to ...
    rf"|{_WH_EN}{_AUX_EN} it\b"
    r"(?!.*\b(?:to|when|if|that|whether|how|why|for|until|before|after|since)\b"
    r"(?! *\??$))(?! (?:rain|snow|take|mean|matter|feel|look like)\b)",
    re.IGNORECASE,
)


def leans(question: str) -> bool:
    """Whether a question cannot be understood without the text it was made from.

    It refers to the text or a part of it (本文, 上表, this study, Table 1), or to something as
    known that it does not name (该公司, 本条例), or has a pronoun without antecedent as its
    subject (他是谁, When did she die, What is it used for).

    Args:
        question: In Chinese or English.
    """
    plain = " ".join(simplified(question).split())
    if _HAN.search(plain):
        return bool(
            _REFERS_ZH.search(plain)
            or _PRONOUN_ZH.match(plain)
            or (_NUMBERED_ZH.search(plain) and "《" not in plain)
            or _unnamed_zh(plain)
        )
    return bool(
        _REFERS_EN.search(plain)
        or _PRONOUN_EN.match(plain)
        or _NUMBERED_EN.search(plain)
        or _unnamed_en(plain)
    )


def _unnamed_zh(plain: str) -> bool:
    """Whether 该公司 or the like comes before the question has said which one."""
    found = _THIS_ZH.search(plain)
    if found is None:
        return False
    before, noun = plain[: found.start()], found["noun"]
    return not (
        _NAMED_ZH.search(before)
        or _CLAUSE_ZH.search(before)
        or (noun and len(noun) > 1 and noun in before)
    )


def _unnamed_en(plain: str) -> bool:
    """Whether this study or these rules come before the question has said which."""
    text = _THIS_TEXT_EN.search(plain)
    if text is not None:
        return text["noun"].lower() not in plain[: text.start()].lower()
    found = _THIS_EN.search(plain)
    return found is not None and not _NAMED_EN.search(plain[: found.start()])
