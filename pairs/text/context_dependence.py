"""Detects context-dependent questions: this passage, the table above, unresolved pronouns."""

from __future__ import annotations

import re

from loaders.characters import HAN

from .flat import simplified

__all__ = ["leans"]

_HAN = re.compile(f"[{HAN}]")
_TEXT_ZH = "文章|文本|文字|短文|课文|原文|段落|段话|选段|片段|章节|文档"
_REPORTING_ZH = "提到|提及|提起|描述|指出|认为|介绍|说明|强调|列出|讲述|谈到"
_REFERS_ZH = re.compile(
    f"(?:本|该|此|这篇|这段|上面的?|上述|以上|下列|给定的?|所给的?|所提供的?)(?:{_TEXT_ZH})"
    "|(?:上述|以上|上面的?|给定的?|所给的?|所提供的?)(?:材料|资料|信息|内容|表格|图表|例子|代码)"
    "|(?:^|[,，。；]|根据|依据|按照|按|从|在|由|据|结合)"
    "(?:本文|上文|下文|前文|文中|文章中|原文中?|全文|课文|材料|段落|图中|表中|上表|下表|上图|下图"
    "|如图|如表|该表|该图|此表|此图|本表|本图|本章|本节|本段|该文|此文)"
    f"|(?:文中|文章|作者|原文|上文|前面|上面)(?:所|是?如何|怎样|怎么|曾)?(?:{_REPORTING_ZH})"
    "|(?:如|见)(?:上|下)?(?:图|表)(?:所示|中)?|前述|^上述|^以上"
)
_TEXT_EN = "passage|text|excerpt|paragraph|article|document|extract|snippet|chunk|section"
_REFERS_EN = re.compile(
    rf"\b(?:this|above|following|provided)\s+(?:{_TEXT_EN})\b"
    r"|\b(?:according to|based on|in|from|of|by|per) the (?:given |provided |above )?"
    rf"(?:{_TEXT_EN})"
    r"\b(?! of\b| on\b| called\b| titled\b| entitled\b| [A-Z0-9])"
    rf"|\b(?:does|do|did) the (?:passage|text|excerpt|paragraph|article|document|author) (?:say"
    r"|mention|describe|state|argue|claim|suggest|discuss|refer|give|provide|explain)\b"
    r"|\b(?:according to|based on|in) (?:the|this) (?:author|table|figure|chart|context|information"
    r"|diagram)\b(?! of\b| on\b| [A-Z0-9])"
    r"|\b(?:mentioned|described|listed|shown|given)"
    r" (?:above|below|earlier|in the (?:passage|text))\b",
    re.IGNORECASE,
)
_PRONOUN_ZH = re.compile(
    "^(?:请问)?(?:他们?|她们?|它们?|牠们?|这个人|那个人|此人|这里|那里|其)(?![人国乡他中实])"
)
_PRONOUN_EN = re.compile(
    r"^(?:what|when|where|why|how|who|whom|which \w{1,30}"
    r"|how (?:many|much|long|old)(?: \w{1,30})?) "
    r"(?:did|does|do|was|were|is|are|has|have|had|can|could|will|would) "
    r"(?:he|she|they|his|her|their|these|those)\b"
    r"|^(?:did|does|was|were|is|are|has|had) (?:he|she|they)\b",
    re.IGNORECASE,
)


def leans(question: str) -> bool:
    """Whether a question cannot be understood without the text it was made from.

    It refers to the text (本文, 上表, the passage) or has a pronoun without antecedent as its
    subject (他是谁, When did she die).

    Args:
        question: In Chinese or English.
    """
    plain = " ".join(simplified(question).split())
    if _HAN.search(plain):
        return bool(_REFERS_ZH.search(plain) or _PRONOUN_ZH.match(plain))
    return bool(_REFERS_EN.search(plain) or _PRONOUN_EN.match(plain))
