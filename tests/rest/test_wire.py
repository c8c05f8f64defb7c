"""LangServe's own client against a service that runs as a process of its own."""

from __future__ import annotations

import asyncio
import json
import uuid
import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import jsonpatch
import pytest
from langchain_core.runnables import RunnableLambda

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


def test_a_chain_after_it_gets_a_list_however_it_is_called(
    remote: RemoteRunnable[Any, Any],
) -> None:
    def listed(output: dict[str, Any]) -> PairList:
        check(output, CHINESE)
        return PairList.model_validate(output)

    chain = remote | RunnableLambda(listed)
    (streamed,) = chain.stream(CHINESE)
    assert streamed == chain.invoke(CHINESE)

    async def asynchronously() -> None:
        assert [one async for one in chain.astream(CHINESE)] == [streamed]
        await remote.async_client.aclose()

    asyncio.run(asynchronously())


def test_the_run_log_and_the_events_tell_what_stream_does(
    remote: RemoteRunnable[Any, Any],
) -> None:
    async def both() -> None:
        state: Any = None
        async for patch in remote.astream_log({"text": ENGLISH, "temperature": 0.2}):
            state = jsonpatch.apply_patch(state, patch.ops)
        check_events(state["streamed_output"], ENGLISH)
        check(state["final_output"], ENGLISH)

        events = [one async for one in remote.astream_events(CHINESE, version="v2")]
        names = [one["event"] for one in events]
        assert names == ["on_chain_start", *["on_chain_stream"] * 4, "on_chain_end"]
        assert len({one["run_id"] for one in events}) == 1
        assert events[0]["data"] == {"input": CHINESE}
        check_events([one["data"]["chunk"] for one in events[1:-1]], CHINESE)
        check(events[-1]["data"]["output"], CHINESE)
        filters: tuple[tuple[dict[str, Any], int], ...] = (
            ({"include_types": ["llm"]}, 0),
            ({"include_types": ["chain"], "include_names": ["x"]}, 6),
            ({"exclude_names": ["/pairs"]}, 0),
            ({"exclude_tags": ["x"]}, 6),
        )
        for asked, count in filters:
            told = [one async for one in remote.astream_events(CHINESE, version="v2", **asked)]
            assert len(told) == count, asked
        with pytest.raises(httpx.HTTPStatusError):
            _ = [one async for one in remote.astream_log({"text": CHINESE, "threshold": 7})]
        await remote.async_client.aclose()

    asyncio.run(both())


def test_an_error_in_any_stream_has_langserves_form(
    client: httpx.Client, server: Simulated
) -> None:
    server.model = "another"
    remote: RemoteRunnable[Any, Any] = RemoteRunnable(
        f"{str(client.base_url).rstrip('/')}/pairs", timeout=60
    )

    async def every() -> None:
        for told in (
            remote.astream(CHINESE),
            remote.astream_log(CHINESE),
            remote.astream_events(CHINESE, version="v2"),
        ):
            with pytest.raises(httpx.HTTPStatusError, match="simulated") as raised:
                async for _ in told:
                    pass
            assert raised.value.response.status_code == 502
        await remote.async_client.aclose()

    asyncio.run(every())


def test_what_is_not_ours_in_a_configuration_is_ignored_and_a_run_id_kept(
    served: Served, remote: RemoteRunnable[Any, Any]
) -> None:
    own = {"session_id": "u1", "thread_id": 7, "temperature": 0.4}
    config: Any = {"configurable": own, "tags": ["t"], "metadata": {"a": [1]}, "run_name": "n"}
    check(remote.invoke(CHINESE, config=config), CHINESE)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    with served.client() as client:
        one = {"input": CHINESE, "config": {"run_id": ids[0]}}
        assert client.post("/pairs/invoke", json=one).json()["metadata"]["run_id"] == ids[0]
        assert f'"run_id":"{ids[0]}"' in client.post("/pairs/stream", json=one).text
        assert f'"id": "{ids[0]}"' in client.post("/pairs/stream_log", json=one).text
        assert f'"run_id": "{ids[0]}"' in client.post("/pairs/stream_events", json=one).text
        two: dict[str, Any] = {"inputs": [CHINESE, ENGLISH, CHINESE]}
        two["config"] = [{"run_id": run_id} for run_id in ids[:2]]
        given = client.post("/pairs/batch", json=two).json()["metadata"]["run_ids"]
        assert given[:2] == ids[:2]
        two["config"] = {"run_id": ids[2]}
        given = client.post("/pairs/batch", json=two).json()["metadata"]["run_ids"]
        assert given[0] == ids[2]
        assert len(set(given)) == 3


def test_what_the_javascript_client_sends_is_answered(served: Served) -> None:
    # Recorded from @langchain/core 0.3.80, the last line that has a RemoteRunnable.
    config: dict[str, Any] = {"tags": [], "metadata": {}, "recursionLimit": 25}
    chosen = {"temperature": 0.3, "session_id": "x"}
    full = {**config, "runName": "n", "maxConcurrency": 2, "configurable": chosen}
    full["metadata"] = chosen
    with served.client() as client:
        for own in (config, full):
            sent: dict[str, Any] = {"input": CHINESE, "config": own, "kwargs": {}}
            check(client.post("/pairs/invoke", json=sent).json()["output"], CHINESE)
            for path in ("stream", "stream_log", "stream_events"):
                sent = {**sent, "kwargs": {"version": "v2"}, "diff": False}
                told = client.post(f"/pairs/{path}", json=sent)
                assert told.status_code == 200
                # It cuts events at blank lines, and each has to be one line of JSON.
                data = [line[6:] for line in told.text.splitlines() if line.startswith("data: {")]
                assert all(json.loads(one) for one in data)
                assert told.text.endswith("event: end\ndata: \n\n")
            several = {
                "inputs": [CHINESE, {"text": ENGLISH}],
                "config": [own] * 2,
                "kwargs": [{}] * 2,
            }
            outputs = client.post("/pairs/batch", json=several).json()["output"]
            for output, text in zip(outputs, BOTH, strict=True):
                check(output, text)
        none: dict[str, Any] = {"inputs": [], "config": [], "kwargs": []}
        assert client.post("/pairs/batch", json=none).json()["output"] == []


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
        many = client.post("/pairs/batch", json={"inputs": [CHINESE] * 65})
        assert many.status_code == 422
        assert "64" in many.json()["detail"]
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        assert schemas["Batch"]["properties"]["inputs"]["maxItems"] == 64
