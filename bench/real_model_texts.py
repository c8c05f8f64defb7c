"""The texts a real model is measured with, beside the example documents."""

from __future__ import annotations

import json
from pathlib import Path

from chains.run.inputs import Text

SHORT = (
    Text(
        name="kiln",
        text="The lime kiln at Harrow Point was built in 1862 by two brothers, Samuel and John "
        "Pryor. It stands 14 metres high and was fired with coal from the pit at Denby. Each "
        "burning took three days and gave about 40 tonnes of lime, which farmers spread on sour "
        "fields. The kiln was given up in 1911 because the railway brought cheaper lime from the "
        "quarries in the north. Since 1978 it has belonged to the county, which repaired the arch.",
    ),
    Text(
        name="茶马古道",
        text="茶马古道是古代商人用马帮运送茶叶的山路，主要连接云南、四川和西藏。马帮一般由三十到五十"
        "匹骡马组成，领头的人叫作马锅头。从普洱到拉萨的路程大约有三千公里，往返一次要一年左右。茶叶"
        "被压成饼状，一是为了节省地方，二是为了防潮。1950年代公路修通以后，马帮逐渐消失。2013年，"
        "茶马古道被列为全国重点文物保护单位。",
    ),
)
PASSAGES = 4  # of each language, with --data


def passages(folder: Path) -> list[Text]:
    """The first passages of some length of either language."""
    found: dict[str, dict[str, Text]] = {"zh": {}, "en": {}}
    for path in sorted((folder / "qa").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            of_language = found.get(row["lang"])
            if of_language is None or len(of_language) >= PASSAGES:
                continue
            if 300 <= len(row["context"]) <= 1500:
                of_language[row["doc_id"]] = Text(text=row["context"], name=str(row["doc_id"]))
    return [text for texts in found.values() for text in texts.values()]
