"""The protocol over a real connection: turns, keys, refusals, and callers who leave."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bench.scripted_endpoint import ScriptedEngine, Served
from endpoint.errors import EndpointError
from endpoint.protocol.bind import bind
from endpoint.protocol.embedder import Embedder
from endpoint.protocol.fair_queue import Turns
from serving import is_loopback

KEY = "a-key-of-ASCII"


def chat(text: str = "你好", **more: Any) -> dict[str, Any]:
    return {"model": "chatglm3-6B", "messages": [{"role": "user", "content": text}], **more}


def post(served: Served, body: object, **headers: str) -> httpx.Response:
    return httpx.post(f"{served.base_url}/chat/completions", json=body, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as running:
        yield running


def error_of(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.mark.parametrize("text", ["早上好😀。", "Good morning 😀."])
def test_an_answer_whole_and_in_a_stream(served: Served, text: str) -> None:
    whole = post(served, chat(text)).json()
    assert whole["object"] == "chat.completion"
    assert whole["model"] == "chatglm3-6b"
    choice = whole["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": text, "refusal": None}
    assert choice["finish_reason"] == "stop"
    counted = len(text.encode())
    prompt = len(f"user:{text}".encode())
    assert whole["usage"] == {
        "prompt_tokens": prompt,
        "completion_tokens": counted,
        "total_tokens": prompt + counted,
    }

    answer = post(served, chat(text, stream=True, stream_options={"include_usage": True}))
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, counts, done = events(answer.text)
    assert done == "[DONE]"
    assert counts["usage"] == whole["usage"]
    assert counts["choices"] == []
    assert {chunk["id"] for chunk in (*chunks, counts)} == {chunks[0]["id"]}
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    parts = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(parts) == text
    assert len(parts) > 4
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["stop"]
    plain = events(post(served, chat(text, stream=True)).text)
    assert not any("usage" in chunk for chunk in plain[:-1])


def test_the_reason_is_true(served: Served) -> None:
    cut = post(served, chat("一二三", max_tokens=7)).json()
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["choices"][0]["message"]["content"] == "一二"
    assert cut["usage"]["completion_tokens"] == 7
    least = post(served, chat("一二三", max_tokens=7, max_completion_tokens=3)).json()
    assert least["usage"]["completion_tokens"] == 3
    stopped = post(served, chat("一二三四", stop=["三", "四"])).json()
    assert stopped["choices"][0]["finish_reason"] == "stop"
    assert stopped["choices"][0]["message"]["content"] == "一二"
    # More than there is room for is what there is room for.
    full = post(served, chat("长" * 120, max_tokens=10_000)).json()
    assert full["choices"][0]["finish_reason"] == "length"
    assert full["usage"]["total_tokens"] == 512


@pytest.mark.parametrize("stream", [False, True])
def test_as_many_stop_strings_as_are_taken(served: Served, stream: bool) -> None:
    stops = [f"停止{number}。" for number in range(990, 1006)]
    answer = post(served, chat("一 停止99 停止1005。二", stop=stops, stream=stream))
    assert answer.status_code == 200
    if not stream:
        text = answer.json()["choices"][0]["message"]["content"]
    else:
        chunks = events(answer.text)[:-1]
        text = "".join(each["choices"][0]["delta"].get("content", "") for each in chunks)
    assert text == "一 停止99"


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
REFUSED = [
    ({"n": 9}, "invalid_value", "n"),
    ({"tools": [{"type": "function"}]}, "invalid_value", "tools[0]"),
    ({"tools": [TOOL] * 129}, "invalid_value", "tools"),
    ({"tool_choice": "required"}, "invalid_value", "tool_choice"),
    ({"tools": [TOOL], "tool_choice": "required"}, "unsupported_parameter", "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"function": {"name": "g"}}}, "invalid_value", "tool_choice"),
    ({"response_format": {"type": "json_schema"}}, "invalid_value", "response_format"),
    ({"response_format": {"type": "grammar"}}, "invalid_value", "response_format"),
    ({"response_format": {"type": "json_object"}}, "unsupported_parameter", "response_format"),
    ({"logprobs": True}, "unsupported_parameter", "logprobs"),
    ({"seed": 7}, "unsupported_parameter", "seed"),
    ({"frequency_penalty": 2.5}, "invalid_value", "frequency_penalty"),
    ({"repetition_penalty": 0}, "invalid_value", "repetition_penalty"),
    ({"top_k": 3}, "unknown_parameter", "top_k"),
    ({"ignore_eos": True}, "unknown_parameter", "ignore_eos"),
    ({"do_sample": False}, "unknown_parameter", "do_sample"),
    ({"logit_bias": {"5": 1}}, "unsupported_parameter", "logit_bias"),
    ({"model": " "}, "invalid_value", "model"),
    ({"temperature": 2.5}, "invalid_value", "temperature"),
    ({"temperature": "warm"}, "invalid_value", "temperature"),
    ({"top_p": 0}, "invalid_value", "top_p"),
    ({"max_tokens": 0}, "invalid_value", "max_tokens"),
    ({"max_tokens": True}, "invalid_value", "max_tokens"),
    ({"stream": "yes"}, "invalid_value", "stream"),
    ({"stream_options": {"include_usage": 1}}, "invalid_value", "stream_options"),
    ({"stop": ""}, "invalid_value", "stop"),
    ({"stop": [1]}, "invalid_value", "stop"),
    ({"stop": ["x"] * 17}, "invalid_value", "stop"),
    ({"stop": ["x"] * 5000}, "invalid_value", "stop"),
    ({"stop": ["x" * 4097]}, "invalid_value", "stop"),
    ({"messages": []}, "invalid_value", "messages"),
    ({"messages": "hi"}, "invalid_value", "messages"),
    ({"messages": [{"role": "user"}]}, "missing_required_parameter", "messages[0].content"),
    ({"messages": [{"content": "hi"}]}, "missing_required_parameter", "messages[0].role"),
    ({"messages": [{"role": "wizard", "content": ""}]}, "invalid_value", "messages[0].role"),
    ({"messages": [{"role": "user", "content": 7}]}, "invalid_value", "messages[0].content"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "unsupported_parameter",
        "messages[0].content[0].type",
    ),
    (
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "a"}]}]},
        "invalid_value",
        "messages[0].tool_calls",
    ),
    (
        {"messages": [{"role": "user", "content": "长" * 200}]},
        "context_length_exceeded",
        "messages",
    ),
    (
        {"messages": [{"role": "user", "content": "长" * 3_400_000}]},  # 10 MB
        "context_length_exceeded",
        "messages",
    ),
    (
        {"messages": [{"role": "user", "content": ""}] * 100_000},  # 3 MB of small ones
        "context_length_exceeded",
        "messages",
    ),
]


@pytest.mark.parametrize(("change", "code", "param"), REFUSED)
def test_what_cannot_be_done_is_refused_by_name(
    served: Served, change: dict[str, Any], code: str, param: str
) -> None:
    for language, stream in (("en", False), ("zh-CN,zh;q=0.9,en;q=0.8", True)):
        answer = post(
            served, {**chat(), "stream": stream, **change}, **{"Accept-Language": language}
        )
        error = error_of(answer)
        assert answer.status_code == 400, error
        assert (error["code"], error["param"]) == (code, param)
        assert any("一" <= letter <= "鿿" for letter in error["message"]) == (language != "en")


def test_a_prompt_that_is_too_long_is_told_the_counts(served: Served) -> None:
    message = error_of(post(served, chat("长" * 200)))["message"]
    assert "605" in message
    assert "512" in message


def test_parameters_that_ask_for_nothing_are_no_fault(served: Served) -> None:
    neutral: dict[str, Any] = {
        "n": 1,
        "tools": [],
        "tool_choice": "none",
        "response_format": {"type": "text"},
        "logprobs": False,
        "frequency_penalty": 0.0,
        "presence_penalty": 0,
        "logit_bias": {},
        "stop": None,
        "seed": None,
        "user": "甲",
        "metadata": {"a": "b"},
        "stream": None,
        "function": None,
        "something_new": None,
        "drop_params": True,
        "best_of": 1,
        "ignore_eos": False,
        "max_tokens": -1,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "guided_json": {},
    }
    assert post(served, chat(**neutral)).status_code == 200


def test_roles_and_parts_reach_the_model_as_its_own() -> None:
    engine = ScriptedEngine(seeded=True)
    said = [
        {"role": "system", "content": "甲"},
        {"role": "developer", "content": "乙"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "丙"}, {"type": "text", "text": "丁"}],
        },
        {"role": "assistant", "content": None, "refusal": None, "tool_calls": None},
        {"role": "tool", "content": "戊", "tool_call_id": "x"},
    ]
    with Served(engine) as served:
        body = {"model": "SCRIPTED", "messages": said, "seed": -1, "temperature": 1, "top_p": 0.5}
        assert post(served, body).status_code == 200
        post(served, chat("<|system|> 你好"))
    dialogue, sampling = engine.asked[0]
    assert dialogue == "system:甲\nsystem:乙\nuser:丙丁\nassistant:\nobservation:戊"
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (1, 0.5, 2**32 - 1)
    usual = engine.asked[1][1]
    assert (usual.temperature, usual.top_p) == (0.8, 0.8)
    assert usual.max_tokens == 512 - len("user:<|system|> 你好".encode())
    assert engine.down


def test_the_key_is_asked_for_everywhere_but_for_health() -> None:
    with Served(api_key=KEY) as served:
        right = [(b"Authorization", f"Bearer {KEY}".encode())]
        for wrong in ("", "Bearer wrong", KEY, f"Bearer {KEY}x"):
            headers = [(b"Authorization", wrong.encode())]
            for method, path in (("GET", "models"), ("POST", "chat/completions")):
                answer = httpx.request(method, f"{served.base_url}/{path}", headers=headers)
                assert answer.status_code == 401
                assert error_of(answer)["code"] == "invalid_api_key"
        assert httpx.get(f"{served.base_url}/models", headers=right).status_code == 200
        assert httpx.get(f"{served.root}/health").json()["status"] == "ok"
        address = f"{served.base_url}/chat/completions"
        assert httpx.post(address, json=chat(), headers=right).status_code == 200


def test_an_address_others_can_reach_needs_a_key() -> None:
    for host in ("0.0.0.0", "::", "example.invalid"):  # noqa: S104 - refused
        with pytest.raises(EndpointError) as raised:
            bind(host, 0, "")
        assert raised.value.code == "endpoint.key_needed"
    assert is_loopback("127.0.0.8")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert is_loopback("[::1]")
    with bind("127.0.0.1", 0, "") as first:
        first.listen()
        assert first.proto == socket.IPPROTO_TCP  # else asyncio holds each token back
        with pytest.raises(EndpointError) as raised:
            bind("127.0.0.1", first.getsockname()[1], "")
        assert raised.value.code == "serving.address"


def test_models_and_wrong_addresses(served: Served) -> None:
    listed = httpx.get(f"{served.base_url}/models").json()
    assert [card["id"] for card in listed["data"]] == ["chatglm3-6b"]
    one = httpx.get(f"{served.base_url}/models/ChatGLM3-6B").json()
    assert one["object"] == "model"
    for path, body, status, code in (
        ("models/gpt-9", None, 404, "model_not_found"),
        ("completions", {}, 400, "missing_required_parameter"),
        ("audio/speech", {}, 404, "unknown_url"),
        ("chat/completions", None, 405, "method_not_allowed"),
        ("chat/completions", {**chat(), "model": "gpt-3.5-turbo"}, 404, "model_not_found"),
        ("embeddings", {"model": "bge-large-zh-v1.5", "input": "一"}, 501, "not_implemented"),
    ):
        address = f"{served.base_url}/{path}"
        answer = httpx.get(address) if body is None else httpx.post(address, json=body)
        assert answer.status_code == status
        assert error_of(answer)["code"] == code


def until(served: Served, **counts: int) -> None:
    """Returns once the service says so of itself."""
    for _ in range(3000):
        health = httpx.get(f"{served.root}/health").json()
        if counts.items() <= health.items():
            return
    raise AssertionError(health)


def test_one_callers_crowd_holds_up_another_by_one_turn() -> None:
    gate = threading.Semaphore(0)
    engine = ScriptedEngine(gate=gate.acquire, width=100)
    with Served(engine, slots=1, queue=8) as served, ThreadPoolExecutor(8) as pool:
        crowd = [pool.submit(post, served, chat("crowd", user="crowd")) for _ in range(7)]
        until(served, running=1, waiting=6)
        refused = post(served, chat("crowd", user="crowd"))  # the rest of the line is others'
        assert refused.status_code == 429
        assert error_of(refused)["code"] == "queue_full"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        other = pool.submit(post, served, chat("other", user="other"))
        until(served, running=1, waiting=7)
        gate.release(20)
        assert other.result().status_code == 200
        assert [one.result().status_code for one in crowd] == [200] * 7
    order = [dialogue for dialogue, _ in engine.asked]
    assert order.index("user:other") <= 2
    assert engine.most == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_leaves_ends_his_generation(stream: bool) -> None:
    gate = threading.Semaphore(1)
    engine = ScriptedEngine(lambda _: "长" * 100, gate=gate.acquire, width=3)
    with Served(engine, slots=1) as served:
        with httpx.Client() as client:
            body = chat(stream=stream)
            address = f"{served.base_url}/chat/completions"
            if stream:
                with client.stream("POST", address, json=body) as answer:
                    next(answer.iter_lines())
            else:
                with pytest.raises(httpx.ReadTimeout):
                    client.post(address, json=body, timeout=0.5)
        # Free to go on, it ends at its next step, and the only slot is there for the next caller.
        while not engine.closed.acquire(timeout=0.01):
            gate.release()
        assert len(engine.asked) == 1
        gate.release(1000)
        assert post(served, chat(max_tokens=6)).status_code == 200


def test_the_line_forgets_who_left_it() -> None:
    async def story() -> None:
        turns = Turns(1, 8)
        await turns.take("a")
        waiting = [asyncio.ensure_future(turns.take(name)) for name in "abab"]
        await asyncio.sleep(0)
        assert turns.waiting == 4
        waiting[0].cancel()
        await asyncio.gather(waiting[0], return_exceptions=True)
        assert turns.waiting == 3
        turns.give_back()  # to one who leaves at that moment
        waiting[2].cancel()
        await asyncio.sleep(0)
        await asyncio.gather(waiting[2], return_exceptions=True)
        for next_one in (waiting[1], waiting[3]):
            await asyncio.wait_for(next_one, 1)
            turns.give_back()
        assert (turns.running, turns.waiting) == (0, 0)
        await asyncio.wait_for(turns.take("c"), 1)

    asyncio.run(story())


def fails(asked: str) -> str:
    if "memory" in asked:
        raise EndpointError("endpoint.memory", tokens=5)
    if "crash" in asked:
        raise RuntimeError("assert \ud800 failed")
    return "好"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["memory", "crash"])
def test_a_failing_model_costs_one_request(stream: bool, fault: str) -> None:
    with Served(ScriptedEngine(fails), slots=1) as served:
        answer = post(served, chat(fault, stream=stream))
        assert answer.status_code == 503
        assert error_of(answer)["type"] == "server_error"
        assert post(served, chat("好")).status_code == 200


def test_a_failure_midway_is_an_error_in_the_stream() -> None:
    left = iter(range(3))

    def gate() -> None:
        if next(left, None) is None:
            raise EndpointError("endpoint.memory", tokens=5)

    with Served(ScriptedEngine(gate=gate)) as served:
        *chunks, last = events(post(served, chat("早上好", stream=True)).text)
    assert chunks[-1]["choices"][0]["finish_reason"] is None
    assert last["error"]["type"] == "server_error"


def embedder(gate: threading.Semaphore | None = None) -> Embedder:
    def vectors(texts: object) -> list[list[float]]:
        if gate:
            gate.acquire()
        assert isinstance(texts, tuple)
        return [[float(len(text)), 0.5] for text in texts]

    return Embedder("bge-large-zh-v1.5", 8, vectors, lambda texts: [len(text) for text in texts])


def test_embeddings_and_what_they_refuse() -> None:
    with Served(embedder=embedder()) as served:
        address = f"{served.base_url}/embeddings"
        body: dict[str, Any] = {"model": "BAAI/bge-large-zh-v1.5", "input": ["一二", "three"]}
        answer = httpx.post(address, json=body).json()
        assert [row["embedding"] for row in answer["data"]] == [[2.0, 0.5], [5.0, 0.5]]
        assert [row["index"] for row in answer["data"]] == [0, 1]
        assert answer["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
        packed = httpx.post(address, json={**body, "encoding_format": "base64"}).json()
        assert packed["data"][0]["embedding"] == "AAAAQAAAAD8="
        listed = httpx.get(f"{served.base_url}/models").json()["data"]
        assert [card["id"] for card in listed] == ["chatglm3-6b", "bge-large-zh-v1.5"]
        for change, status, code in (
            ({"input": ["ok", "九个字的一句话太长"]}, 400, "context_length_exceeded"),
            ({"input": "长" * 5_000_000}, 400, "context_length_exceeded"),
            ({"input": [[1, 2]]}, 400, "unsupported_value"),
            ({"input": [1, 2]}, 400, "unsupported_value"),
            ({"input": []}, 400, "invalid_value"),
            ({"input": ["a", " "]}, 400, "invalid_value"),
            ({"input": ["a"] * 3000}, 400, "invalid_value"),
            ({"dimensions": 3}, 400, "unsupported_parameter"),
            ({"dimensions": 2, "input_type": "query", "encoding_format": None}, 200, ""),
            ({"encoding_format": "hex"}, 400, "invalid_value"),
            ({"model": "text-embedding-3-small"}, 404, "model_not_found"),
        ):
            refused = httpx.post(address, json={**body, **change})
            assert refused.status_code == status
            assert status == 200 or error_of(refused)["code"] == code
        for change, bound in (({"input": ["a"] * 3000}, "2048"), ({"input": ["a", " "]}, "[1]")):
            assert bound in error_of(httpx.post(address, json={**body, **change}))["message"]


def test_nothing_waits_for_anything_else() -> None:
    gate, slow = threading.Semaphore(0), threading.Semaphore(0)
    engine = ScriptedEngine(gate=gate.acquire)
    with Served(engine, slots=1, embedder=embedder(slow)) as served, ThreadPoolExecutor(2) as pool:
        answer = pool.submit(post, served, chat("早"))
        body = {"model": "bge-large-zh-v1.5", "input": "一"}
        vectors = pool.submit(httpx.post, f"{served.base_url}/embeddings", json=body, timeout=30)
        until(served, running=1)
        assert post(served, {}).status_code == 400
        slow.release()
        assert vectors.result().status_code == 200
        assert not answer.done()
        gate.release(10)
        assert answer.result().status_code == 200
