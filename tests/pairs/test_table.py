"""A list as a notebook, pandas and datasets have it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.simulated import Simulated
from pairs import PairList
from qa3 import Text, aextract_pairs, extract_pairs

TEXTS = {
    "en": "The Forth Bridge was opened in 1890. <b>It crosses</b> the Firth of Forth.",
    "zh": "赵州桥由隋朝工匠李春设计建造。桥<b>全长</b>64.4米，跨度37.02米。",
}


def settings(server: Simulated) -> dict[str, str]:
    return {
        "backend": "chatglm3",
        "base_url": server.base_url,
        "model": server.model,
        "check": "off",
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_list_is_used_like_one(language: str, server: Simulated, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    inputs = [Text(text=TEXTS[language], name="<i>"), tmp_path / "empty.txt"]
    pairs = extract_pairs(inputs, progress=False, **settings(server))
    assert len(pairs) == len(list(pairs)) == len(pairs.kept) > 1
    assert pairs[0] == pairs.kept[0]
    assert repr(pairs) == str(pairs)
    assert repr(pairs).startswith(f"PairList({len(pairs)} kept, ")
    assert "1 documents refused" in repr(pairs)
    shown = pairs._repr_html_()
    assert shown.count("<tr>") == len(pairs) + 1
    assert pairs[0].evidence.sentence[:8] in shown
    assert "empty.txt" in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    frame = pairs.to_pandas()
    assert list(frame["question"]) == [pair.question for pair in pairs]
    assert list(frame["match"]) == [pair.evidence.match for pair in pairs]
    dataset = pairs.to_dataset()
    assert dataset["answer"][:] == [pair.answer for pair in pairs]
    assert PairList()
    assert not len(PairList())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_made_for_asyncio_and_with_a_bar(
    language: str, server: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Text(text=TEXTS[language])
    events: list[str] = []
    pairs = asyncio.run(
        aextract_pairs(
            text,
            on_event=lambda event: events.append(event.event),
            progress=True,
            **settings(server),
        )
    )
    assert events[0] == "prepared"
    assert events[-1] == "done"
    assert pairs.kept == extract_pairs(text, **settings(server)).kept
    assert "1/1" in capsys.readouterr().err
