"""LangServe's own client against a service that runs as a process of its own."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bench.serving import Served
from bench.simulated import Simulated
from pairs.records import PairList

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # LangServe is as it is; only its client is used
    from langserve import RemoteRunnable

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
ENGLISH = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."
BOTH = (CHINESE, ENGLISH)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Simulated() as server, Served(tmp_path_factory.mktemp("wire"), server) as one:
        yield one


@pytest.fixture
def remote(served: Served) -> RemoteRunnable[Any, Any]:
    return RemoteRunnable(f"{served.address}/pairs", timeout=60)


def check(output: dict[str, Any], text: str) -> None:
    made = PairList.model_validate(output)
    assert len(made.kept) == 2
    assert made.complete
    for pair in made.kept:
        span = pair.evidence.span
        assert span is not None
        assert text[span.start : span.end] == pair.evidence.quote


def check_events(events: list[dict[str, Any]], text: str) -> None:
    assert [event["event"] for event in events] == ["prepared", "chunk", "verified", "done"]
    check(events[-1]["result"], text)
    told = [pair["id"] for event in events if event["event"] == "chunk" for pair in event["pairs"]]
    assert told == [pair["id"] for pair in events[-1]["result"]["kept"]]


def test_invoke_takes_a_text_as_it_is_and_with_settings(remote: RemoteRunnable[Any, Any]) -> None:
    for text in BOTH:
        check(remote.invoke(text), text)
        check(remote.invoke({"text": text, "temperature": 0.3, "threshold": 0.95}), text)
        check(remote.invoke(text, config={"configurable": {"temperature": 0.7}}), text)


def test_batch_keeps_the_order(remote: RemoteRunnable[Any, Any]) -> None:
    outputs = remote.batch([*BOTH, {"text": CHINESE, "name": "桥"}])
    for output, text in zip(outputs, (*BOTH, CHINESE), strict=True):
        check(output, text)
    assert outputs[2]["kept"][0]["source"] == "桥"
    assert remote.batch([]) == []


def test_stream_tells_what_happens_and_then_the_list(remote: RemoteRunnable[Any, Any]) -> None:
    for text in BOTH:
        check_events(list(remote.stream(text)), text)


def test_the_asynchronous_ones_do_the_same(remote: RemoteRunnable[Any, Any]) -> None:
    async def both() -> None:
        check(await remote.ainvoke(CHINESE), CHINESE)
        check_events([event async for event in remote.astream(ENGLISH)], ENGLISH)
        outputs = await remote.abatch([CHINESE, ENGLISH])
        check(outputs[1], ENGLISH)
        await remote.async_client.aclose()

    asyncio.run(both())


def test_an_upload_is_an_input(served: Served, remote: RemoteRunnable[Any, Any]) -> None:
    with served.client() as client:
        sent = client.post("/files", files=[("file", ("桥.txt", CHINESE.encode()))]).json()
    output = remote.invoke({"files": [sent["files"][0]["id"]]})
    check(output, CHINESE)
    assert {pair["source"] for pair in output["kept"]} == {"桥.txt"}


def test_what_is_wrong_reaches_the_client(remote: RemoteRunnable[Any, Any]) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="threshold"):
        remote.invoke({"text": CHINESE, "threshold": 7})
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        list(remote.stream({"text": CHINESE, "backend": "oracle"}))


def test_the_schemas_describe_what_is_taken_and_given(served: Served) -> None:
    with served.client() as client:
        given = client.get("/pairs/input_schema").json()
        assert {"TextInput", "FilesInput"} <= given["$defs"].keys()
        assert "kept" in client.get("/pairs/output_schema").json()["properties"]
        assert "configurable" in client.get("/pairs/config_schema").json()["properties"]
        answer = client.post("/pairs/invoke", json={"input": CHINESE, "kwargs": {}}).json()
        assert answer["metadata"]["run_id"]
        batch = client.post("/pairs/batch", json={"inputs": [CHINESE, ENGLISH]}).json()
        told = [one["run_id"] for one in batch["metadata"]["responses"]]
        assert told == batch["metadata"]["run_ids"]
        assert len(set(told)) == 2
