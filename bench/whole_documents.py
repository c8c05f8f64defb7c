"""Documents for ``bench.whole``: a novel of short facts, and tables."""

from __future__ import annotations

import random

_GIVEN = "东西南北金银河山云石松竹梅兰龙凤长江平安永定新兴"
_KINDS = "城镇港桥塔楼院厂馆场站寺园堂"
_FAMILIES = "王李张刘陈杨赵黄周吴"
_FACTS = (
    "{s}于{y}年{m}月建成，耗银{v}万两，沿用至今。",
    "{s}占地{v}平方米，四面环水，由{p}看守了{n}年。",
    "{s}由{p}设计，用了{n}年才告完成，费用{v}元。",
    "因为{s}年久失修，{p}在{y}年拨款{v}元加以整修。",
)


def novel(chunks: int, facts: int = 8) -> str:
    """Paragraphs that make a chunk each.

    Args:
        chunks: How many.
        facts: Sentences of each.
    """
    chance = random.Random(3)
    return "\n\n".join("".join(_fact(chance) for _ in range(facts)) for _ in range(chunks))


def tables(chunks: int, rows: int = 8) -> str:
    """Tables with a title that make a chunk each.

    Args:
        chunks: How many.
        rows: Of each.
    """
    chance = random.Random(4)
    parts = []
    for number in range(chunks):
        lines = [f"## {number + 1}号册", "", "| 名称 | 建成 | 占地（公顷） | 造价（万元） |"]
        lines.append("| --- | --- | --- | --- |")
        for _ in range(rows):
            year, size = 1800 + chance.randrange(220), chance.randrange(10, 9000) / 10
            lines.append(f"| {_name(chance)} | {year}年 | {size} | {chance.randrange(10, 99999)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _fact(chance: random.Random) -> str:
    return chance.choice(_FACTS).format(
        s=_name(chance),
        p=chance.choice(_FAMILIES) + chance.choice(_GIVEN) + chance.choice(_GIVEN),
        y=1800 + chance.randrange(200),
        m=1 + chance.randrange(12),
        v=chance.randrange(1, 9999),
        n=chance.randrange(2, 40),
    )


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(_GIVEN) for _ in range(3)) + chance.choice(_KINDS)
