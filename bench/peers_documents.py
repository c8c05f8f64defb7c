"""Generates documents for the comparison: facts among filler text, with gold questions and answers.

A model that reads a sentence of a fact asks that sentence's question; so what a tool should find
is known whatever pieces it cuts the text into.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fact:
    """One fact of a text.

    Attributes:
        sentences: Ways of saying it; the first stands in the text, the second where it is restated.
        questions: What is asked by a model that read the sentence of the same place.
        answer: Stands in each sentence word for word.
    """

    sentences: tuple[str, str]
    questions: tuple[str, str]
    answer: str


@dataclass(frozen=True)
class Document:
    """A file to be written, and the facts in it; its content, if any, is written for its text."""

    name: str
    text: str
    facts: tuple[Fact, ...]
    encoding: str = "utf-8"
    content: bytes = b""


# (sentence, sentence when restated, question, question when restated); s the subject, v the answer
_ZH = (
    (
        "{s}于{v}建成。",
        "{s}的落成时间是{v}。",
        "{s}是什么时候建成的？",
        "请问{s}是什么时候建成的",
    ),
    ("{s}占地{v}。", "{s}的占地面积为{v}。", "{s}占地多少？", "{s}的占地面积是多少？"),
    ("{s}由{v}设计。", "{s}的设计者是{v}。", "{s}是由谁设计的？", "{s}的设计者是谁？"),
    (
        "{s}有{v}在岗。",
        "{s}的在岗人数为{v}。",
        "{s}有多少人在岗？",
        "{s}的在岗人数是多少？",
    ),
    (
        "{s}2022年的收入为{v}。",
        "2022年，{s}收入{v}。",
        "{s}2022年的收入是多少？",
        "2022年{s}的收入是多少？",
    ),
    (
        "{s}2023年的收入为{v}。",
        "2023年，{s}收入{v}。",
        "{s}2023年的收入是多少？",
        "2023年{s}的收入是多少？",
    ),
)
_EN = (
    (
        "{s} was opened in {v}.",
        "It was in {v} that {s} was opened.",
        "When was {s} opened?",
        "In which year was {s} opened?",
    ),
    (
        "{s} covers an area of {v}.",
        "The area of {s} is {v}.",
        "What area does {s} cover?",
        "What is the area of {s}?",
    ),
    (
        "{s} was designed by {v}.",
        "The designer of {s} was {v}.",
        "Who designed {s}?",
        "Who was the designer of {s}?",
    ),
    (
        "{s} employs {v}.",
        "The staff of {s} numbers {v}.",
        "How many people does {s} employ?",
        "how many people does {s} employ",
    ),
    (
        "The income of {s} in 2022 was {v}.",
        "In 2022, {s} took in {v}.",
        "What was the income of {s} in 2022?",
        "What was {s}'s income in 2022?",
    ),
    (
        "The income of {s} in 2023 was {v}.",
        "In 2023, {s} took in {v}.",
        "What was the income of {s} in 2023?",
        "What was {s}'s income in 2023?",
    ),
)
_FILLING_ZH = (
    "附近的居民对这里都很熟悉，逢年过节常来走动。",
    "院子里种着几棵老槐树，夏天很阴凉。",
    "门前的小路雨后有些湿滑，行人要小心。",
    "当地人喜欢在傍晚到这里散步聊天。",
    "屋檐下常有燕子筑巢，没有人去打扰它们。",
    "清晨的雾气散去以后，远处的山就看得清了。",
    "老人们说起从前的事情，总有讲不完的话。",
    "墙上的旧照片大多已经褪色，轮廓还看得出来。",
)
_FILLING_EN = (
    "People from the villages nearby like to come here on holidays.",
    "A few old trees give shade in the yard during the warm months.",
    "The path to the gate is slippery after rain, so visitors take care.",
    "Many like to walk here in the evening and talk with their neighbours.",
    "Swallows nest under the roof and nobody disturbs them.",
    "Once the morning mist is gone, the hills can be seen from the window.",
    "The elders have no end of stories about how things used to be.",
    "Most of the photographs on the wall have faded by now.",
)
_FIRST_ZH = "云临青松石安清柳金长白平永龙南桃"
_SECOND_ZH = "川泽山溪桥河林沙岭湖水原坪湾"
_KIND_ZH = ("水库", "纺织厂", "图书馆", "车站", "茶场", "博物馆")
_FIRST_EN = "Alder Birch Cedar Elm Fern Hazel Juniper Larch Maple Oak Poplar Rowan Spruce".split()
_SECOND_EN = "bridge brook dale field ford ham hurst ley mere stead ton wick worth".split()
_KIND_EN = ("Reservoir", "Cotton Mill", "Library", "Station", "Tea Garden", "Museum")
_NAMES_ZH = ("陈其善", "李文博", "王守成", "赵若兰", "孙继先", "周汉卿", "吴怀远", "郑思齐")
_NAMES_EN = ("Ada Holm", "Bruno Keller", "Clara Voss", "David Lindqvist", "Emil Novak", "Ida Berg")


def facts(language: str, subjects: int, seed: int) -> list[tuple[Fact, ...]]:
    """Six facts for each of so many subjects; a seed's subjects differ from the next one's."""
    chance = random.Random(f"{language} {seed}")
    names = list(_subjects(language))
    chosen = names[seed * subjects : (seed + 1) * subjects]
    assert len(chosen) == subjects, "not enough names"
    return [_facts_of(subject, language, chance) for subject in chosen]


def paragraphs(groups: Iterable[tuple[Fact, ...]], language: str, seed: int = 0) -> list[str]:
    """Three facts a paragraph, each followed by a sentence or two of filling."""
    chance = random.Random(f"filling {language} {seed}")
    filling = _FILLING_ZH if language == "zh" else _FILLING_EN
    space = "" if language == "zh" else " "
    written: list[str] = []
    for group in groups:
        for part in (group[:3], group[3:]):
            sentences: list[str] = []
            for fact in part:
                sentences += [fact.sentences[0], *chance.sample(filling, 2)]
            written.append(space.join(sentences))
    return written


def plain(name: str, language: str, subjects: int, seed: int, joint: str = "\n\n") -> Document:
    """A document that states each fact once.

    Args:
        name: Of the file.
        language: ``zh`` or ``en``.
        subjects: Six facts each.
        seed: Which subjects.
        joint: What stands between paragraphs.
    """
    groups = facts(language, subjects, seed)
    text = joint.join(paragraphs(groups, language, seed)) + "\n"
    return Document(name, text, tuple(fact for group in groups for fact in group))


def restated(name: str, language: str, subjects: int, seed: int) -> Document:
    """A document whose second half says half of its facts again, in other words."""
    groups = facts(language, subjects, seed)
    every = [fact for group in groups for fact in group]
    again = [fact.sentences[1] for fact in every[::2]]
    space = "" if language == "zh" else " "
    summary = [space.join(again[at : at + 6]) for at in range(0, len(again), 6)]
    text = "\n\n".join([*paragraphs(groups, language, seed), *summary]) + "\n"
    return Document(name, text, tuple(every))


def bilingual(name: str, subjects: int, seed: int) -> Document:
    """A long document of both languages, a paragraph of one after a paragraph of the other."""
    chinese, english = facts("zh", subjects, seed), facts("en", subjects, seed)
    pairs = zip(paragraphs(chinese, "zh", seed), paragraphs(english, "en", seed), strict=True)
    text = "\n\n".join(paragraph for both in pairs for paragraph in both) + "\n"
    return Document(name, text, tuple(fact for group in chinese + english for fact in group))


def write(documents: Sequence[Document], folder: Path) -> Path:
    """The folder, with a file for each document."""
    folder.mkdir(parents=True)
    for document in documents:
        content = document.content or document.text.encode(document.encoding)
        (folder / document.name).write_bytes(content)
    return folder


def _subjects(language: str) -> Iterable[str]:
    """All names there are, neighbours in the list differing in one part."""
    if language == "zh":
        parts = [(a, b, c) for c in _KIND_ZH for a in _FIRST_ZH for b in _SECOND_ZH]
        names = [f"{a}{b}{c}" for a, b, c in parts]
    else:
        words = [(a, b, c) for c in _KIND_EN for a in _FIRST_EN for b in _SECOND_EN]
        names = [f"{a}{b} {c}" for a, b, c in words]
    random.Random("subjects").shuffle(names)
    return names


def _facts_of(subject: str, language: str, chance: random.Random) -> tuple[Fact, ...]:
    if language == "zh":
        values = (
            f"{chance.randint(1880, 1999)}年",
            f"{chance.randint(20, 900)}公顷",
            chance.choice(_NAMES_ZH),
            f"{chance.randint(21, 980)}人",
            f"{chance.randint(110, 899)}万元",
            f"{chance.randint(110, 899)}万元",
        )
    else:
        values = (
            f"{chance.randint(1880, 1999)}",
            f"{chance.randint(20, 900)} hectares",
            chance.choice(_NAMES_EN),
            f"{chance.randint(21, 980)} people",
            f"{chance.randint(110, 899)} thousand pounds",
            f"{chance.randint(110, 899)} thousand pounds",
        )
    forms = _ZH if language == "zh" else _EN
    return tuple(
        Fact(
            sentences=(form[0].format(s=subject, v=value), form[1].format(s=subject, v=value)),
            questions=(form[2].format(s=subject), form[3].format(s=subject)),
            answer=value,
        )
        for form, value in zip(forms, values, strict=True)
    )
