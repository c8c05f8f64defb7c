"""Penalties and schemas in every engine, and what they do to logits."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from endpoint.errors import EndpointError
from endpoint.model.checkpoint import read_shape
from endpoint.model.dialogue_format import ChatTokenizer
from endpoint.model.engine import Engine, Sampling
from endpoint.model.grammar import Grammar, _fault_of, compact_schema
from endpoint.model.load_torch import load_model
from endpoint.model.open import open_engine
from endpoint.model.sampling import Draw, adjusted_logits
from endpoint.model.sequential_engine import SequentialEngine

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"
TOKENIZER = ChatTokenizer(MODEL)
PROMPT = TOKENIZER.prompt_ids([("user", "请数到五")])
torch.set_num_threads(1)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"enum": ["桥", "bridge"]},
        "year": {"type": "integer", "minimum": 1, "maximum": 2000},
        "open": {"type": "boolean"},
    },
    "required": ["name", "year", "open"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module", params=["batching", "sequential", "llamacpp"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    opened: Engine
    if request.param == "sequential":
        shape = read_shape(MODEL)
        model = load_model(MODEL, shape, TOKENIZER.end_ids, device="cpu", dtype=torch.float32)
        opened = SequentialEngine(
            model,
            name="small",
            context=512,
            slots=4,
            end_ids=TOKENIZER.end_ids,
            grammar=Grammar(TOKENIZER, shape.vocabulary),
        )
    else:
        runner: Any = "torch" if request.param == "batching" else "llamacpp"
        opened, _ = open_engine(MODEL, device="cpu", slots=4, engine=runner)
    yield opened
    opened.close()


def answer(engine: Engine, prompt: list[int] = PROMPT, **given: Any) -> list[int]:
    steps = engine.generate(prompt, Sampling(**{"max_tokens": 64, **given}))
    return [one for step in steps for one in step.ids]


def test_a_penalty_ends_what_repeats(engine: Engine) -> None:
    line_end = TOKENIZER.text_ids("\n")[-1]
    assert Counter(answer(engine))[line_end] == 5
    # What has occurred may not come again: no line ends twice.
    for penalty in ("frequency_penalty", "presence_penalty"):
        given: dict[str, Any] = {penalty: 120.0}
        assert max(Counter(answer(engine, **given)).values()) == 1
    assert Counter(answer(engine, repetition_penalty=50.0))[line_end] < 5
    assert answer(engine, repetition_penalty=1.0, frequency_penalty=0.0) == answer(engine)


def test_an_answer_of_a_schema_fits_it(engine: Engine) -> None:
    assert engine.guided
    schema = json.dumps(SCHEMA)
    opened = TOKENIZER.prompt_ids([("user", "1+1等于几？")], ["\n"])
    seeds = range(6)

    def drawn(seed: int) -> str:
        ids = answer(engine, opened, temperature=2.0, seed=seed, schema=schema, max_tokens=120)
        return TOKENIZER.decode(ids)

    with ThreadPoolExecutor(4) as pool:  # guided rows beside plain ones
        plain = pool.submit(answer, engine)
        texts = [*pool.map(drawn, seeds), TOKENIZER.decode(answer(engine, opened, schema=schema))]
    assert TOKENIZER.decode(plain.result()) == "1\n2\n3\n4\n5"
    for text in texts:
        made = json.loads(text)
        assert list(made) == ["name", "year", "open"]
        assert made["name"] in ("桥", "bridge")
        assert 1 <= made["year"] <= 2000
        assert isinstance(made["open"], bool)


@pytest.mark.parametrize("schema", ['{"type": "wizard"}', '{"$ref": "https://example.org/x.json"}'])
def test_a_schema_that_cannot_be_followed_is_said(engine: Engine, schema: str) -> None:
    with pytest.raises(EndpointError) as said:
        answer(engine, schema=schema)
    assert said.value.code == "endpoint.bad_schema"
    assert "{" not in said.value.say("zh")[:10]
    assert TOKENIZER.decode(answer(engine)) == "1\n2\n3\n4\n5"


@pytest.mark.parametrize("follow", [Grammar(TOKENIZER, 65024).guide, compact_schema])
def test_a_schema_that_takes_for_ever_is_refused(
    follow: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.model.grammar._SECONDS", 1.5)
    _fault_of.cache_clear()
    patterns = [{"type": "string", "pattern": f"(.*a.{{{n}}})+"} for n in range(40)]
    began = time.monotonic()
    with pytest.raises(EndpointError) as said:
        follow(json.dumps({"allOf": patterns}))
    assert said.value.code == "endpoint.bad_schema"
    assert time.monotonic() - began < 6


def test_penalties_are_those_of_their_papers() -> None:
    scores = torch.tensor([[2.0, -2.0, 1.0, 0.5]] * 2)
    draw = Draw(0.0, 1.0, 0, prompt=1, repetition=2.0, frequency=0.25, presence=0.5)
    out = adjusted_logits(scores, [draw, Draw(0.0, 1.0, 0)], [[0, 1, 3, 3], [0, 1]])
    assert out[0].tolist() == [1.0, -4.0 - 0.75, 1.0, 0.25 - 1.0]
    assert out[1].tolist() == scores[1].tolist()
