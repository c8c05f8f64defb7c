"""What the names of fields mean: which name a question, which an answer."""

from __future__ import annotations

import re
from typing import Literal

Role = Literal["question", "answer", "options"]

_TRADITIONAL = str.maketrans("問題參標準確實測復覆", "问题参标准确实测复复")
_NAMES: dict[str, Role] = {
    **dict.fromkeys(
        "question questions q query queries ques prompt instruction instructions user human"
        " 问题 问 提问 题目 题干 问句 指令 用户 用户问题 questiontext front".split(),
        "question",
    ),
    **dict.fromkeys(
        "answer answers a ans response responses reply completion output outputs assistant gpt bot"
        " 答案 答 回答 解答 答复 回复 回应 输出 助手 参考答案 标准答案 正确答案 真实答案"
        " correctanswer referenceanswer answertext goldanswer groundtruth back".split(),
        "answer",
    ),
    **dict.fromkeys("options choices 选项 选择项".split(), "options"),
}
_NOISE = re.compile(r"[\s_\-*`:：.\d#（）()]+|[一二三四五六七八九十]+$")
_LONGEST = 24


def role_of(name: str) -> Role | None:
    """What a key, a column's heading or a speaker's name stands for; None for anything else.

    Args:
        name: The name as written, with a number perhaps: ``Question_1``, ``问题一``.
    """
    if len(name) > _LONGEST:
        return None
    return _NAMES.get(_NOISE.sub("", name.strip().lower().translate(_TRADITIONAL)))
