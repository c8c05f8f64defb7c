"""Every engine against the reference, alone and with 64 callers, and when things go wrong."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from endpoint.errors import EndpointError
from endpoint.model.batching_engine import BatchingEngine
from endpoint.model.checkpoint import read_shape
from endpoint.model.dialogue_format import ChatTokenizer
from endpoint.model.engine import Engine, Sampling
from endpoint.model.llamacpp_engine import LlamaEngine
from endpoint.model.load_torch import load_model
from endpoint.model.open import batching_or_sequential, open_engine
from endpoint.model.sampling import Draw, noisy_logits
from endpoint.model.sequential_engine import SequentialEngine

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"
REFERENCE: dict[str, Any] = json.loads((MODEL / "reference.json").read_text(encoding="utf-8"))
TOKENIZER = ChatTokenizer(MODEL)
CASES = [
    (one["input_ids"], tuple(i for i in two["new_ids"] if i not in TOKENIZER.end_ids))
    for one, two in zip(REFERENCE["logits_cases"], REFERENCE["greedy_cases"], strict=True)
]
DIALOGUES = CASES[4:]  # the first four are random ids, whose margins are small
CALLERS = 64
torch.set_num_threads(1)  # more of them wait for each other where a machine is shared
SLOTS = 8


def answer(engine: Engine, ids: list[int], **sampling: Any) -> tuple[tuple[int, ...], str | None]:
    steps = list(engine.generate(ids, Sampling(**{"max_tokens": 64, **sampling})))
    assert all(step.finish is None for step in steps[:-1])
    return tuple(one for step in steps for one in step.ids), steps[-1].finish


def plain_model() -> Any:
    return load_model(
        MODEL, read_shape(MODEL), TOKENIZER.end_ids, device="cpu", dtype=torch.float32
    )


def batching(model: Any, **given: Any) -> BatchingEngine:
    order = {"slots": SLOTS, "context": 512, "cache_tokens": 2048, **given}
    return BatchingEngine(model, name="small", end_ids=TOKENIZER.end_ids, **order)


@pytest.fixture(scope="module", params=["batching", "sequential"])
def exact(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "batching":
        opened, _ = open_engine(MODEL, device="cpu", slots=SLOTS)
        assert isinstance(opened, BatchingEngine)
    else:
        opened = SequentialEngine(
            plain_model(), name="small", context=512, slots=SLOTS, end_ids=TOKENIZER.end_ids
        )
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=["nf4", "int8", "q8_0", "q4_0", "f16"])
def close(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Engines whose weights were rounded: the dialogues are theirs, random ids are not."""
    bits = {"nf4": 4, "int8": 8, "q8_0": 8, "q4_0": 4, "f16": None}[request.param]
    runner: Any = "torch" if request.param in ("nf4", "int8") else "llamacpp"
    opened, _ = open_engine(MODEL, device="cpu", quantize=bits, slots=SLOTS, engine=runner)
    assert isinstance(opened, BatchingEngine if runner == "torch" else LlamaEngine)
    yield opened
    opened.close()


def test_greedy_answers_are_thudms(exact: Engine) -> None:
    assert [answer(exact, ids) for ids, _ in CASES] == [(ids, "stop") for _, ids in CASES]


def test_greedy_answers_are_thudms_with_64_callers(exact: Engine) -> None:
    many = (CASES * 3)[:CALLERS]
    with ThreadPoolExecutor(CALLERS) as pool:
        results = list(pool.map(lambda case: answer(exact, case[0]), many))
    assert results == [(ids, "stop") for _, ids in many]


def test_rounded_weights_keep_the_dialogues(close: Engine) -> None:
    assert [answer(close, ids) for ids, _ in DIALOGUES] == [(ids, "stop") for _, ids in DIALOGUES]


def test_rounded_weights_keep_the_dialogues_with_64_callers(close: Engine) -> None:
    many = (DIALOGUES * 4)[:CALLERS]
    with ThreadPoolExecutor(CALLERS) as pool:
        results = list(pool.map(lambda case: answer(close, case[0]), many))
    assert results == [(ids, "stop") for _, ids in many]


@pytest.mark.parametrize("most", [1, 2, 9])
def test_an_answer_that_is_cut_says_so(exact: Engine, most: int) -> None:
    ids, wanted = DIALOGUES[1]
    assert answer(exact, ids, max_tokens=most) == (wanted[:most], "length")


def test_an_answer_of_rounded_weights_that_is_cut_says_so(close: Engine) -> None:
    ids, wanted = DIALOGUES[1]
    for most in (1, 9):
        assert answer(close, ids, max_tokens=most) == (wanted[:most], "length")


def test_the_context_cuts_an_answer(exact: Engine) -> None:
    ids = (DIALOGUES[1][0] * 60)[-509:]
    made, finish = answer(exact, ids, max_tokens=100)
    assert finish == ("length" if len(made) == 3 else "stop")
    assert len(made) <= 3
    with pytest.raises(EndpointError) as said:
        answer(exact, ids * 2)
    assert said.value.code == "endpoint.prompt_too_long"


def test_a_seed_makes_a_draw_repeatable(exact: Engine) -> None:
    ids = CASES[0][0]
    drawn = [
        answer(exact, ids, temperature=3.0, seed=seed, max_tokens=12)[0] for seed in (1, 1, 2, 3, 4)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    with ThreadPoolExecutor(SLOTS) as pool:  # whoever else is in the batch
        beside = list(
            pool.map(
                lambda seed: answer(exact, ids, temperature=3.0, seed=seed, max_tokens=12)[0],
                [1, 2, 3, 4, 1],
            )
        )
    assert beside == [*drawn[1:], drawn[0]]


def test_a_tiny_mass_draws_the_likeliest(exact: Engine) -> None:
    ids, wanted = CASES[1]
    assert answer(exact, ids, temperature=2.0, top_p=1e-9) == (wanted, "stop")


def test_a_closed_iterator_frees_its_place(exact: Engine) -> None:
    ids, _ = DIALOGUES[0]
    for _ in range(2 * SLOTS):
        begun = iter(exact.generate(ids, Sampling(max_tokens=100)))
        next(begun)
        begun.close()  # type: ignore[attr-defined]  # a generator, as the protocol says
    assert answer(exact, ids) == (DIALOGUES[0][1], "stop")


def test_a_closed_iterator_of_llamacpp_frees_its_place() -> None:
    opened, _ = open_engine(MODEL, device="cpu", slots=2, engine="llamacpp")
    ids, wanted = DIALOGUES[0]
    for _ in range(6):
        begun = opened.generate(ids, Sampling(max_tokens=100))
        next(begun)
        begun.close()  # type: ignore[attr-defined]  # a generator, as the protocol says
    assert answer(opened, ids) == (wanted, "stop")
    opened.close()
    with pytest.raises(EndpointError) as said:
        answer(opened, ids)
    assert said.value.code == "endpoint.engine"


def test_a_small_cache_holds_many_long_requests() -> None:
    """More requests than the cache has room for: some lose their place and begin anew."""
    engine = batching(plain_model(), cache_tokens=512, slots=8)
    long = [(ids * 40)[:300] for ids, _ in DIALOGUES[:8]]
    alone = [answer(engine, ids, max_tokens=30) for ids in long]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda ids: answer(engine, ids, max_tokens=30), long))
    engine.close()
    assert together == alone


class Broken:
    """A model whose forward fails as told, on the batch it is told to fail on."""

    def __init__(self, model: Any, error: Exception, most: int) -> None:
        self.forward, self.error, self.most = model.forward, error, most
        self.failed = 0
        model.forward = self

    def __call__(self, *args: Any, **given: Any) -> Any:
        """What the whole model gives, or the error."""
        reached = int(given["position_ids"].max()) if "position_ids" in given else 0
        if reached >= self.most:
            self.failed += 1
            raise self.error
        return self.forward(*args, **given)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["gpu", "processor", "python"],
)
def test_where_memory_runs_out_one_request_fails_and_the_others_finish(error: Exception) -> None:
    model = plain_model()
    engine = batching(model)
    Broken(model, error, 250)
    outcomes: Counter[str] = Counter()

    def one(case: tuple[list[int], tuple[int, ...]]) -> None:
        ids, wanted = case
        try:
            assert answer(engine, ids) == (wanted, "stop")
            outcomes["right"] += 1
        except EndpointError as said:
            assert len(ids) > 250
            outcomes[said.code] += 1

    large = ((DIALOGUES[0][0] * 60)[:300], ())
    cases = [case for case in CASES if len(case[0]) < 200]
    with ThreadPoolExecutor(SLOTS) as pool:
        list(pool.map(one, [*cases[:6], large, *cases]))
    engine.close()
    assert outcomes == {"right": len(cases) + 6, "endpoint.memory": 1}


def test_an_engine_that_fails_says_so_and_goes_on() -> None:
    model = plain_model()
    engine = batching(model)
    broken = Broken(model, RuntimeError("a kernel is missing"), 100)
    with pytest.raises(EndpointError) as said:
        answer(engine, (DIALOGUES[0][0] * 60)[:200])
    assert said.value.code == "endpoint.engine"
    assert "a kernel is missing" in said.value.say("en")
    assert broken.failed == 1
    assert answer(engine, DIALOGUES[0][0]) == (DIALOGUES[0][1], "stop")
    engine.close()
    with pytest.raises(EndpointError):
        answer(engine, DIALOGUES[0][0])


def test_memory_that_runs_out_in_the_plain_engine_fails_that_request() -> None:
    model = plain_model()
    engine = SequentialEngine(model, name="small", context=512, slots=2, end_ids=TOKENIZER.end_ids)
    whole = model.forward

    def forward(**given: Any) -> Any:
        if given["input_ids"].shape[1] > 100:
            raise torch.OutOfMemoryError("out of memory")
        return whole(**given)

    model.forward = forward
    with pytest.raises(EndpointError) as said:
        answer(engine, (DIALOGUES[0][0] * 60)[:200])
    assert said.value.code == "endpoint.memory"
    assert answer(engine, DIALOGUES[0][0]) == (DIALOGUES[0][1], "stop")


def test_closing_ends_what_runs() -> None:
    engine = batching(plain_model())
    begun = engine.generate(CASES[0][0], Sampling(max_tokens=500, temperature=5.0, seed=1))
    next(begun)
    closer = threading.Thread(target=engine.close)
    closer.start()
    closer.join(60)
    assert not closer.is_alive()
    with pytest.raises(EndpointError) as said:
        for _ in begun:
            pass
    assert said.value.code == "endpoint.engine"


def test_without_the_manager_the_plain_engine_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    model = plain_model()

    def gone(**_: Any) -> None:
        raise TypeError("init_continuous_batching() got an unexpected keyword argument")

    monkeypatch.setattr(model, "init_continuous_batching", gone)
    engine = batching_or_sequential(model, TOKENIZER, context=512, slots=2, cache_tokens=512)
    assert isinstance(engine, SequentialEngine)
    assert answer(engine, DIALOGUES[0][0]) == (DIALOGUES[0][1], "stop")


def test_a_dead_llamacpp_is_started_anew_under_its_callers() -> None:
    opened, _ = open_engine(MODEL, device="cpu", slots=4, engine="llamacpp")
    assert isinstance(opened, LlamaEngine)
    ids, wanted = DIALOGUES[6]
    begun = opened.generate(ids, Sampling(max_tokens=64))
    made = list(next(begun).ids)
    child = opened._server._child
    assert child is not None
    child.kill()
    child.wait()
    # What was under way may have been sent already; either way the answer is whole.
    made += [one for step in begun for one in step.ids]
    assert tuple(made) == wanted
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda case: answer(opened, case[0]), DIALOGUES))
    assert results == [(right, "stop") for _, right in DIALOGUES]
    opened.close()


@given(st.integers(0, 1 << 62), st.floats(0.05, 5), st.floats(0.05, 1))
@settings(deadline=None, max_examples=60)
def test_a_draw_stays_within_its_mass(seed: int, temperature: float, mass: float) -> None:
    scores = torch.linspace(-3, 3, 50).repeat(2, 1)
    greedy = Draw(0.0, 1.0, 0)
    out = noisy_logits(scores, [Draw(temperature, mass, seed), greedy], [7, 7])
    chances = (scores[0] / temperature).softmax(-1).sort(descending=True).values
    allowed = int((chances.cumsum(-1) - chances < mass).sum())
    assert 50 - int(out[0].argmax()) <= max(allowed, 1) + 1
    assert int(out[1].argmax()) == 49


def test_draws_are_as_frequent_as_they_are_likely() -> None:
    scores = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    drawn = Counter(
        int(noisy_logits(scores, [Draw(1.0, 1.0, seed)], [3]).argmax()) for seed in range(4000)
    )
    wanted = scores[0].softmax(-1)
    assert all(abs(drawn[one] / 4000 - float(wanted[one])) < 0.03 for one in range(4))
