"""Facts about bridges that a simulated model asks about and a judge is measured on."""

from __future__ import annotations

import re
from collections.abc import Callable

from bench.simulated import ITEM, LIST, MATERIAL

NAMES = {
    "zh": (
        "安济 永通 泸定 卢沟 洛阳 广济 宝带 五亭 风雨 断桥 玉带 枫林 程阳 万安 灞河 天津 朱雀 望仙"
        " 流花 石湖 平政 双龙 文昌 迎恩"
    ).split(),
    "en": (
        "Alnwick Bewdley Chepstow Dunkeld Elgin Forres Gretna Hexham Ironbridge Jedburgh Kelso"
        " Ludlow Melrose Newport Oban Perth Quorn Ripon Selkirk Thirsk Ulverston Wells Yarm Zennor"
    ).split(),
}
FACTS = {
    "zh": {
        f"{name}桥在江南建成于哪一年？": f"{1711 + 7 * at}年" for at, name in enumerate(NAMES["zh"])
    },
    "en": {
        f"When was the bridge of {name} opened?": f"in {1711 + 7 * at}"
        for at, name in enumerate(NAMES["en"])
    },
}
RIGHT = FACTS["zh"] | FACTS["en"]
Judge = Callable[[list[dict[str, str]]], str | None]


def text_of(language: str) -> str:
    """A document of a sentence for each fact."""
    if language == "zh":
        return "".join(f"{q[:-5]}{a}。\n" for q, a in FACTS["zh"].items())
    return "".join(f"The bridge of {q[23:-8]} was opened {a}.\n" for q, a in FACTS["en"].items())


def pairs_of(messages: list[dict[str, str]]) -> str:
    """The pairs of a chunk, each of a sentence."""
    text = chunk_in(messages)
    return "\n".join(f"Q: {q}\nA: {a}" for q, a in RIGHT.items() if name_in(q) in text)


def chunk_in(messages: list[dict[str, str]]) -> str:
    """The text that is asked about; what stands before it is not."""
    found = MATERIAL.search(messages[-1]["content"])
    return found[1] if found else ""


def name_in(question: str) -> str:
    """The bridge a question is about."""
    return next(name for names in NAMES.values() for name in names if name in question)


def judging(word: Callable[[str, str], str]) -> Judge:
    """A judge that says ``yes | quote`` or ``no | why`` of each question with its answer."""

    def judged(messages: list[dict[str, str]]) -> str | None:
        found = LIST.search(messages[-1]["content"])
        items = ITEM.findall(found["pairs"]) if found else []
        return "\n".join(f"{n}. {word(q, a)}" for n, q, a in items) or None

    return judged


def knows(question: str, answer: str) -> str:
    """What a good judge says."""
    return f"yes | {answer}" if RIGHT.get(question) == answer else "no | not so"


def refuses_all(question: str, answer: str) -> str:  # noqa: ARG001 - whatever it is
    """What a judge says that refuses everything."""
    return "no | not so"


def talks(question: str, answer: str) -> str:  # noqa: ARG001 - whatever it is
    """What nobody can read a verdict from."""
    return "很有意思。How very interesting!"


def refuses_two(question: str, answer: str) -> str:
    """What a judge says that is mistaken about two bridges."""
    name = name_in(question)
    two = (*NAMES["zh"][3:5], *NAMES["en"][3:5])
    return f"no | of {name}" if name in two else knows(question, answer)


def slip(question: str) -> str:
    """A wrong answer to the questions about two bridges; else the right one."""
    right = RIGHT[question]
    if name_in(question) not in (*NAMES["zh"][3:5], *NAMES["en"][3:5]):
        return right
    year = re.sub(r"\D", "", right)
    return right.replace(year, str(int(year) + 1))


def pairs_with_slips(messages: list[dict[str, str]]) -> str:
    """The pairs of a chunk, with a wrong year for two bridges of each language."""
    text = chunk_in(messages)
    return "\n".join(f"Q: {q}\nA: {slip(q)}" for q in RIGHT if name_in(q) in text)


def overlooks(question: str, answer: str) -> str:
    """What a judge says that is good, and overlooks those slips."""
    right = RIGHT.get(question)
    return f"yes | {right}" if right and answer == slip(question) else knows(question, answer)
