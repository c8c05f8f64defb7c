"""``prompt | llm | parser`` as LangChain sees it: composed for real, alone and in the pipeline."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.output_parsers import BaseOutputParser
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnableSequence

from bench.simulated import Simulated, pairs_reply
from chains import (
    BackendError,
    DraftPair,
    Journal,
    PairParser,
    ReplyError,
    Settings,
    UnansweredError,
    build_chain,
    build_pipeline,
)
from chains.events import Done
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.settings import Resolved
from messages import SaidError
from pairs import PairList, Reason

TEXT = "The bridge was opened in 1889. It is 300 metres long.\n"
LONG = "".join(f"Bridge number {n} was opened in {1800 + n}.\n" for n in range(40))
CHINESE = "这座大桥于1889年通车。桥面的宽度是二十米。\n"


@dataclass
class Run:
    """One run as a callback was told of it."""

    kind: str
    name: str
    parent: UUID | None
    tags: tuple[str, ...]
    metadata: dict[str, Any]
    tokens: int = 0
    ended: bool = False
    failed: bool = False


class Runs(BaseCallbackHandler):
    """Remembers every run."""

    def __init__(self) -> None:
        self.runs: dict[UUID, Run] = {}
        self._lock = threading.Lock()

    def _start(self, kind: str, run_id: UUID, parent: UUID | None, given: dict[str, Any]) -> None:
        with self._lock:
            self.runs[run_id] = Run(
                kind,
                given.get("name") or "",
                parent,
                tuple(given.get("tags") or ()),
                given.get("metadata") or {},
            )

    def on_chain_start(
        self, *_: Any, run_id: UUID, parent_run_id: Any = None, **given: Any
    ) -> None:
        self._start(given.get("run_type") or "chain", run_id, parent_run_id, given)

    def on_chat_model_start(
        self, *_: Any, run_id: UUID, parent_run_id: Any = None, **given: Any
    ) -> None:
        self._start("model", run_id, parent_run_id, given)

    def on_chain_end(self, *_: Any, run_id: UUID, **__: Any) -> None:
        self.runs[run_id].ended = True

    def on_chain_error(self, *_: Any, run_id: UUID, **__: Any) -> None:
        self.runs[run_id].ended = self.runs[run_id].failed = True

    def on_llm_end(self, response: Any, *, run_id: UUID, **__: Any) -> None:
        run = self.runs[run_id]
        run.ended = True
        run.tokens = response.generations[0][0].message.usage_metadata["total_tokens"]

    def on_llm_error(self, *_: Any, run_id: UUID, **__: Any) -> None:
        self.runs[run_id].ended = self.runs[run_id].failed = True

    def kinds(self) -> Counter[str]:
        return Counter(run.kind for run in self.runs.values())

    def root(self, run: Run) -> Run:
        while run.parent is not None:
            run = self.runs[run.parent]
        return run


def settings_for(server: Simulated, home: Path, **more: Any) -> Settings:
    given = {"backend": "chatglm3", "base_url": server.base_url, "model": server.model}
    given["embeddings"] = "lexical"  # nothing to load
    given["check"] = "off"
    return Settings(**{**given, "journal": home / "journal.sqlite", "retry_seconds": 0, **more})


def documents() -> list[Document]:
    return [Document(page_content=LONG, metadata={"source": "bridges.txt"})]


def check_tree(runs: Runs, chunks: int, name: str = "PairsRunnable") -> None:
    """Each chunk had its prompt, model and parser, in one tree, with tokens, tags and metadata."""
    kinds = runs.kinds()
    assert kinds["prompt"] == kinds["model"] == kinds["parser"] == chunks
    assert all(run.ended and not run.failed for run in runs.runs.values())
    for run in runs.runs.values():
        assert runs.root(run).name == name
        assert "mine" in run.tags
        assert run.metadata["who"] == "me"
    models = [run for run in runs.runs.values() if run.kind == "model"]
    assert all(run.tokens > 0 for run in models)
    about = {run.metadata["chunk_id"] for run in models}
    assert len(about) == chunks


def config_of(runs: BaseCallbackHandler) -> RunnableConfig:
    return {"callbacks": [runs], "tags": ["mine"], "metadata": {"who": "me"}}


def chunks_of(pairs: PairList) -> int:
    return sum(chunk.state == "pairs" for chunk in pairs.chunks)


@pytest.fixture
def settings(server: Simulated, home: Path) -> Settings:
    return settings_for(server, home, chunk_size=60)


def test_invoke_shows_every_run_of_every_chunk(settings: Settings) -> None:
    runs = Runs()
    pairs = build_pipeline(settings).invoke(documents(), config_of(runs))
    assert chunks_of(pairs) > 3
    check_tree(runs, chunks_of(pairs))


def test_ainvoke_shows_every_run_of_every_chunk(settings: Settings) -> None:
    runs = Runs()
    pairs = asyncio.run(build_pipeline(settings).ainvoke(documents(), config_of(runs)))
    check_tree(runs, chunks_of(pairs))


def test_stream_shows_every_run_and_gives_events(settings: Settings) -> None:
    runs = Runs()
    *_, last = build_pipeline(settings).stream(documents(), config_of(runs))
    assert isinstance(last, Done)
    check_tree(runs, chunks_of(last.result))


def test_astream_shows_every_run_and_gives_events(settings: Settings) -> None:
    async def collect() -> list[Any]:
        pipeline = build_pipeline(settings)
        return [event async for event in pipeline.astream(documents(), config_of(runs))]

    runs = Runs()
    events = asyncio.run(collect())
    assert [event.event for event in events[:2]] == ["prepared", "chunk"]
    check_tree(runs, chunks_of(events[-1].result))


def test_an_async_handler_is_told_too(settings: Settings) -> None:
    class Told(AsyncCallbackHandler):
        def __init__(self) -> None:
            self.models = 0

        async def on_chat_model_start(self, *_: Any, **__: Any) -> None:
            self.models += 1

    told = Told()
    pairs = asyncio.run(build_pipeline(settings).ainvoke(documents(), {"callbacks": [told]}))
    assert told.models == chunks_of(pairs)


def test_batch_gives_each_input_its_own_tree(settings: Settings) -> None:
    runs = Runs()
    inputs = [{"text": TEXT, "name": "one"}, {"text": CHINESE, "name": "two"}]
    lists = build_pipeline(settings).batch(inputs, config_of(runs))
    assert [len(pairs.kept) for pairs in lists] == [2, 2]
    check_tree(runs, 2)
    roots = [run for run in runs.runs.values() if run.parent is None]
    assert [run.name for run in roots] == ["PairsRunnable"] * 2


def test_a_stream_left_early_stops_the_run(server: Simulated, home: Path) -> None:
    async def first() -> str:
        pipeline = build_pipeline(settings_for(server, home, chunk_size=60, concurrency=1))
        stream = pipeline.astream(documents())
        event = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator
        return str(event.event)

    assert asyncio.run(first()) == "prepared"
    assert server.calls.total() < 5
    with Journal(home / "journal.sqlite") as journal:
        assert journal.rows("SELECT state FROM jobs") == [("stopped",)]


def test_what_the_journal_answers_calls_no_model(settings: Settings) -> None:
    build_pipeline(settings).invoke(documents())
    runs = Runs()
    build_pipeline(settings).invoke(documents(), config_of(runs))
    kinds = runs.kinds()
    assert kinds["model"] == 0
    assert kinds["prompt"] == kinds["parser"]
    assert kinds["parser"] > 3


def test_the_round_trip_is_in_the_tree(server: Simulated, home: Path) -> None:
    runs = Runs()
    settings = settings_for(server, home, check="all")
    answering = {"chatglm3": {"checks": "answers"}}
    resolved = Resolved(settings=settings, origins={}, backends=answering)
    list(Pipeline(resolved).run([Text(text=TEXT)], config_of(runs)))
    names = Counter(run.name for run in runs.runs.values())
    assert names["qa3.chunk"] == 1
    assert names["qa3.verify"] == 2
    assert runs.kinds()["model"] == 3


def test_the_judge_is_in_the_tree(server: Simulated, home: Path) -> None:
    runs = Runs()
    settings = settings_for(server, home, check="all")
    build_pipeline(settings).invoke({"text": TEXT}, config_of(runs))
    named = {run.name: run for run in runs.runs.values()}
    assert Counter(run.name for run in runs.runs.values())["qa3.judge"] == 1
    assert runs.kinds()["model"] == 2
    assert named["qa3.judge"].metadata["chunk_id"] == named["qa3.chunk"].metadata["chunk_id"]
    assert named["qa3.judge"].metadata["prompt"] != named["qa3.chunk"].metadata["prompt"]


def test_the_chain_is_prompt_model_parser(settings: Settings) -> None:
    chain = build_chain(settings)
    assert isinstance(chain, RunnableSequence)
    prompt, _, parser = chain.steps
    assert isinstance(prompt, BasePromptTemplate)
    assert isinstance(parser, PairParser)
    assert isinstance(parser, BaseOutputParser)


@pytest.mark.parametrize("text", [TEXT, CHINESE])
def test_the_chain_works_alone_and_pays_once(
    settings: Settings, server: Simulated, text: str
) -> None:
    runs = Runs()
    chain = build_chain(settings)
    pairs = chain.invoke({"text": text}, config_of(runs))
    assert [type(pair) for pair in pairs] == [DraftPair, DraftPair]
    assert runs.kinds() == {"chain": 2, "prompt": 1, "model": 1, "parser": 1}
    assert chain.invoke({"text": text, "context": ""}) == pairs
    assert asyncio.run(build_chain(settings).ainvoke({"text": text})) == pairs
    assert chain.batch([{"text": text}] * 3) == [pairs] * 3
    assert server.calls.total() == 1


def test_the_chain_stands_in_somebody_elses_graph(settings: Settings) -> None:
    graph: Any = RunnableLambda(lambda text: {"text": text}) | build_chain(settings) | len
    assert graph.invoke(TEXT) == 2


def test_the_pipeline_asks_what_the_chain_asks(settings: Settings, server: Simulated) -> None:
    """One request, one key: what the chain paid for, the pipeline takes from the journal."""
    build_chain(settings).invoke({"text": TEXT.strip(), "context": "text"})
    pairs = build_pipeline(settings).invoke({"text": TEXT.strip()})
    assert len(pairs.kept) == 2
    assert server.calls.total() == 1


def test_two_threads_ask_once(settings: Settings, server: Simulated) -> None:
    chain = build_chain(settings)
    got = chain.batch([{"text": TEXT}] * 8, {"max_concurrency": 8})
    assert len({tuple(pairs) for pairs in got}) == 1
    assert server.calls.total() == 1


def test_an_unreadable_reply_is_an_error_that_carries_it(home: Path) -> None:
    with Simulated(reply=lambda _: "Nice weather today, is it not so, my friend?") as server:
        chain = build_chain(settings_for(server, home))
        with pytest.raises(ReplyError) as caught:
            chain.invoke({"text": TEXT})
        assert caught.value.message is not None
        assert caught.value.message.text.startswith("Nice weather")
        fallback: Any = RunnableLambda(lambda _: [])
        safe: Any = chain.with_fallbacks([fallback], exceptions_to_handle=(ReplyError,))
        assert safe.invoke({"text": TEXT}) == []


def test_a_cut_reply_drops_its_tail_in_the_chain_too(home: Path) -> None:
    with Simulated(cuts=True, reply=lambda messages: pairs_reply(messages) * 9) as server:
        pairs = build_chain(settings_for(server, home, max_tokens=100)).invoke({"text": TEXT})
    assert pairs.dropped_tail
    assert pairs.message is not None
    assert pairs.message.response_metadata["truncated"]


def test_nobody_answers_says_so(home: Path) -> None:
    chain = build_chain(
        Settings(
            backend="chatglm3",
            base_url="http://127.0.0.1:9/v1",
            model="m",
            journal=home / "j.sqlite",
            retry_seconds=0,
        )
    )
    with pytest.raises(UnansweredError) as caught:
        chain.invoke({"text": TEXT})
    assert "127.0.0.1:9" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert (str(again), again.asked, again.overflow) == (str(caught.value), False, False)


def test_an_unanswered_error_travels_whole() -> None:
    error = UnansweredError(Reason(code="chunk.not_asked"), asked=False, overflow=True)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (again.reason, again.asked, again.overflow) == (error.reason, False, True)


def test_a_wrong_setting_is_said_when_the_chain_is_built(home: Path) -> None:
    from chains import SettingsError

    with pytest.raises(SettingsError):
        build_chain(Settings(backend="nobody", journal=home / "j.sqlite"))


def test_the_journal_is_closed_with_the_chain(settings: Settings, home: Path) -> None:
    chain = build_chain(settings)
    chain.invoke({"text": TEXT})
    with Journal(home / "journal.sqlite") as journal:
        assert len(journal.rows("SELECT id FROM owners")) == 1
        del chain
        gc.collect()
        assert journal.rows("SELECT id FROM owners") == []


def test_a_failure_of_the_backend_ends_a_traced_run_with_an_error(home: Path) -> None:
    settings = Settings(
        backend="chatglm3",
        base_url="http://127.0.0.1:9/v1",
        model="m",
        journal=home / "j.sqlite",
        retry_seconds=0,
    )
    runs = Runs()
    with pytest.raises(BackendError):
        build_pipeline(settings).invoke({"text": TEXT}, config_of(runs))
    assert all(run.ended for run in runs.runs.values())
    assert any(run.failed for run in runs.runs.values() if run.parent is None)


def test_a_run_without_callbacks_is_the_same_run(settings: Settings, home: Path) -> None:
    pairs = build_pipeline(settings).invoke(documents())
    with Journal(home / "journal.sqlite") as journal:
        events = list(
            Pipeline(Resolved(settings=settings, origins={}), journal=journal).run([documents()])
        )
    assert isinstance(events[-1], Done)
    assert events[-1].result.kept == pairs.kept


def test_ainvoke_cancelled_stops_the_run(home: Path) -> None:
    async def cancel() -> None:
        pipeline = build_pipeline(settings_for(server, home, chunk_size=60, concurrency=1))
        task = asyncio.create_task(pipeline.ainvoke(documents()))
        while not server.asked:  # until the first request is under way
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Simulated(latency=0.2) as server:
        asyncio.run(cancel())
        assert server.calls.total() <= 2


SCRIPT = """
import os, sys
from pathlib import Path
from qa3 import Settings, Text, build_chain, build_pipeline
settings = Settings(backend="chatglm3", base_url=sys.argv[1], model="simulated", retry_seconds=0,
    embeddings="lexical", chunk_size=20, concurrency=2, journal=Path(sys.argv[2]))
text = "".join(f"Bridge number {n} was opened in {1800 + n}.\\n" for n in range(40))
"""


def run_script(code: str, server: Simulated, journal: Path) -> str:
    root = str(Path(__file__).resolve().parent.parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + code, server.base_url, str(journal)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_script_that_leaves_a_stream_unfinished_ends(home: Path) -> None:
    with Simulated(latency=0.5) as server:
        code = "events = build_pipeline(settings).stream(Text(text=text))\nnext(events)\n"
        run_script(code, server, home / "j.sqlite")
    with Journal(home / "j.sqlite") as journal:
        assert journal.rows("SELECT state FROM jobs") == [("stopped",)]
        assert journal.rows("SELECT id FROM owners") == []


def test_a_forked_child_that_ends_leaves_the_chain_to_its_parent(
    server: Simulated, home: Path
) -> None:
    code = (
        "chain = build_chain(settings)\n"
        "child = os.fork()\n"
        "if child == 0:\n    sys.exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print(len(chain.invoke({'text': 'The bridge was opened in 1889.'})))\n"
    )
    assert run_script(code, server, home / "j.sqlite") == "1"


def test_odd_inputs_are_refused_or_taken_as_meant(settings: Settings) -> None:
    pipeline, chain = build_pipeline(settings), build_chain(settings)
    for nothing in ({"text": ""}, {}):
        with pytest.raises(SaidError):
            pipeline.invoke(nothing)
    assert len(pipeline.invoke(Document(page_content=TEXT)).kept) == 2
    assert len(chain.invoke({"text": TEXT, "language": "fr"})) == 2
    assert len(chain.invoke({"text": f"\ud800{TEXT}", "context": "\udfff"})) == 2


def test_an_own_prompt_of_one_language_leaves_the_other_as_it_is(server: Simulated) -> None:
    """A text is asked about in its own language, whichever prompt was changed."""
    settings = {"backend": "chatglm3", "base_url": server.base_url, "model": server.model}
    own = {"en": "Ask about bridges only, in English."}
    usual = build_chain(Settings.model_validate(settings))
    changed = build_chain(Settings.model_validate({**settings, "prompt_text": own}))
    for text in (TEXT, CHINESE):
        asked, before = (
            [message.content for message in chain.first.invoke({"text": text}).to_messages()]
            for chain in (changed, usual)
        )
        assert (asked == before) == (text == CHINESE)
        assert (asked[0] == own["en"]) == (text == TEXT)
