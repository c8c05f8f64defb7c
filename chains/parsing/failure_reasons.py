"""The reason why a reply has no pairs: nothing to ask, a refusal, an echo, or unreadable."""

from __future__ import annotations

import re

_NO_TEXT = re.compile(
    r"(?:没有|未|沒有|尚未)(?:看到|收到|提供|给出|附上|上传)[^。\n]{0,12}(?:文本|内容|段落|文章"
    r"|資料|资料|文字|原文|內容)"
    r"|请(?:先|您|你|再)?(?:提供|给出|输入|发送|粘贴|補充|补充)|請(?:先|您|你)?提供"
    r"|(?:please|could you) (?:provide|share|supply|paste|give|send)"
    r"|(?:no|any) (?:text|passage|content|document) (?:was|has been|is) (?:provided|given|included)"
    r"|(?:didn't|did not|haven't|don't) (?:provide|include|see|share)",
    re.IGNORECASE,
)
_NOTHING_WHOLE = re.compile(
    r"(?:```\w{0,8})?[\s\"'“”‘’「」『』\[\](){}（）【】*_#>\-—.。!！:：,，]*(?:(?:答案|答|回答|结果|輸出|输出"
    r"|output|answer|result|问答对|questions?)\s{0,4}[:：]\s{0,4})?"
    r"[\"'“”\[\](){}*_]*"
    r"(?:无|無|没有|沒有|暂无|空|none|nothing|n/?a|no|null|nil|empty|skip|no questions?"
    r"|no (?:pairs?|q&a|facts|content)|none found|无内容|没有问题"
    r"|无问答对?|无问题|没有问答对?|无可提问(?:的)?(?:内容)?|无相关内容|无有效内容|无法提问"
    r"|not applicable)"
    r"(?:问答对|的?内容|相关(?:问答|内容)|可提问(?:的)?内容)?"
    r"[\s\"'“”‘’「」『』\[\](){}（）【】*_#`.。!！,，]*\Z",
    re.IGNORECASE,
)
_NOTHING_SAID = re.compile(
    r"(?:没有|沒有|没|找不到|未找到|未发现|无|無)[^。！？\n]{0,8}(?:可|能|值得|需要)(?:以|供|用于|以用来)?(?:再)?"
    r"(?:问|問|提|出题|出題)"
    r"|(?:没有|沒有|并无|並無|未包含|未含|不包含|不含|不存在|缺乏|缺少|未提供|不具备|无(?!法)"
    r"|無(?!法)|未提及|没有提供)[^。！？\n]{0,24}"
    r"(?:可(?:以|供|用)?[^。\n]{0,6}(?:提问|生成|提取|提問|出题|问答)|值得[^。\n]{0,4}(?:提问|问"
    r"|出题)|信息|資訊|信息量|事实|事實|实质|實質|知识点"
    r"|有意义的内容|有效内容|实际内容|具体内容|正文|问答对|問答對|問題|问题可)"
    r"|(?:无需|不需要|不必|不适合|不宜)[^。\n]{0,6}(?:提问|生成|提問|问答|出题)"
    r"|(?:there (?:is|are)|contains?|has|have|holds?|offers?|provides?|includes?) (?:no|nothing"
    r"|not enough|"
    r"insufficient|little)\b[^.\n]{0,60}"
    r"|(?:does not|doesn't|do not) (?:contain|include|provide|have|hold|offer)[^.\n]{0,60}"
    r"(?:information|facts?|content|question|ask|substan|detail)"
    r"|(?:no|zero) (?:questions?|question-answer pairs?|q&a(?: pairs?)?|qa pairs?|pairs|facts"
    r"|information)"
    r"\b[^.\n]{0,40}(?:can|could|to|found|possible|generated|available|extracted|here)"
    r"|\A\s*(?:无|無|none|nothing)\s*[。.，,（(：:;；]"
    r"|[只仅](?:包含|有|是|为|含)[^。\n]{0,12}(?:页码|目录|标题|图片|链接|参考文献|表头|分隔线)"
    r"|(?:(?:only|just|merely) (?:contains?|has|is|includes?)"
    r"|(?:contains?|has|is) (?:only|just|merely))[^.\n]{0,20}(?:page numbers?|headings?"
    r"|title"
    r"|table of contents|links?|references|images?)"
    r"|(?:\b(?:no|nothing|none|not any(?:thing)?)|n't any(?:thing)?)\b[^.\n]{0,30}"
    r"\b(?:ask|asked|question|questions|pairs)\b[^?]{0,40}\Z"
    r"|nothing (?:to|worth|that can|in (?:this|the))"
    r"|not (?:suitable|appropriate) for (?:question|q&a|generating)",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"抱歉|对不起|對不起|很遗憾|无法|無法|不能(?:够|夠)?|不便|拒绝|没办法|作为(?:一个"
    r"|一名)?(?:AI|人工智能|语言模型|大型语言模型|大语言)"
    r"|不方便|违反|敏感"
    r"|\bsorry\b|apologi[sz]e|i(?: am|'m) (?:unable|not able)|\b(?:cannot|can't|can not"
    r"|unable to|won't)\b"
    r"|as an ai|as a (?:large )?language model|i must decline|against my|not able to",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"(?:请|你是|你的任务|根据|依据)[^\n]{0,30}(?:生成|提取|设计|编写|给出)[^\n]{0,20}(?:问答|问题)"
    r"|(?:generate|create|write|extract|produce) (?:as many )?[^\n]{0,30}(?:question|q&a|pairs)"
    r"|(?:输出格式|output format)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"[\s<\[({（【「{*_]*(?:[.…。·_xX×*]{2,}|…+|(?:your |the |insert |write )?(?:question"
    r"|answer)(?: text| here| goes here| \d)?"
    r"|(?:你的|您的|这里(?:写|填)?|此处(?:填写?|写)?|在此(?:填写|输入))?(?:具体)?(?:的)?(?:问题"
    r"|答案|回答)(?:内容|文本|一|二|\d)?)"
    r"[\s>\])}）】」}*_.…]*\Z",
    re.IGNORECASE,
)
_LONGEST_BLANK = 40
# Characters: in a reply up to this length such words are about the task, not about the text.
_WORDS = 300
# Characters: the sentence that a prompt orders where there is nothing to ask is part of the prompt.
_SENTENCES = 80
_SHORT = 600
_OF_THE_TEXT = re.compile(
    r"文本|文字|文章|段落|段|本文|文中|内容|內容|片段|材料|页|頁|问|問|出题"
    r"|信息|资料|目录"
    r"|text|passage|content|document|section|excerpt|page|question|pairs|q&a|ask",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[\n。！？!?]+|\. ")
_SPACES = re.compile(r"\s+")


def is_placeholder(question: str, answer: str) -> bool:
    """Whether a pair is a blank form from the prompt: ``问题1：...``, ``Answer: [answer]``."""
    return any(
        len(text) <= _LONGEST_BLANK and _PLACEHOLDER.match(text) for text in (question, answer)
    )


def without_pairs(text: str, instructions: str = "") -> str:
    """The code of the reason why a cleaned reply has no pairs.

    An empty JSON list is unreadable, not ``nothing``: a model that fails writes it as often as
    one that found nothing, and a chunk is skipped only if the reply says so in words.

    Args:
        text: The cleaned reply.
        instructions: The prompt's own text, without the document.
    """
    if not text.strip():
        return "reply.empty"
    if len(text) <= _SHORT and _NOTHING_WHOLE.match(text):
        return "reply.nothing"
    if len(text) <= _SENTENCES and _says_nothing(text):
        return "reply.nothing"
    if instructions and _repeats(text, instructions):
        return "reply.echo"
    opening = text[:_SHORT]
    if len(text) <= _SHORT:
        if _NO_TEXT.search(opening):
            return "reply.refusal"
        if len(text) <= _WORDS and _says_nothing(text):
            return "reply.nothing"
    if _REFUSAL.search(opening):
        return "reply.refusal"
    if _TASK.search(opening):
        return "reply.echo"
    return "reply.unreadable"


def asks_nothing(question: str) -> bool:
    """Whether a question is the word for nothing in the form of a pair: ``问：无``, ``Q: None``."""
    return len(question) <= _LONGEST_BLANK and bool(_NOTHING_WHOLE.match(question))


def _says_nothing(text: str) -> bool:
    return bool(
        _NOTHING_SAID.search(text) and _OF_THE_TEXT.search(text) and not _NO_TEXT.search(text)
    )


def _repeats(text: str, instructions: str) -> bool:
    """Whether most of a reply is copied from the prompt."""
    known = _SPACES.sub("", instructions)
    said = [_SPACES.sub("", part) for part in _SENTENCE.split(text[: 20 * _SHORT])]
    said = [part for part in said if part]
    total = sum(map(len, said))
    repeated = sum(len(part) for part in said if part in known)
    return total > 0 and 2 * repeated > total
