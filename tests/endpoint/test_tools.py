"""Tools and JSON over HTTP with the small trained model: exact, in a stream, forced, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import torch

from bench.scripted_endpoint import ScriptedEngine, Served
from endpoint.model.open import open_engine
from endpoint.protocol.tools import Tool, call_turns, read_call, with_tools

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"
CASES = json.loads((MODEL / "reference.json").read_text(encoding="utf-8"))["chat_cases"]
WEATHER: Any = [
    {"type": "function", "function": one}
    for case in CASES
    for turn in case["history"]
    for one in turn.get("tools", [])
][:1]
OTHER: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/Number"}, "b": {"$ref": "#/$defs/Number"}},
            "required": ["a", "b"],
            "additionalProperties": False,
            "$defs": {"Number": {"type": "integer", "minimum": 0, "maximum": 99}},
        },
    },
}
CITY: Any = {
    "type": "function",
    "function": {
        "name": "visit",
        "parameters": {"properties": {"city": {"enum": ["北京", "Paris"]}}, "required": ["city"]},
    },
}
ASKED: Any = [{"role": "user", "content": "北京天气怎么样？"}]
torch.set_num_threads(1)


@pytest.fixture(scope="module", params=["torch", "llamacpp"])
def client(request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    engine, tokenizer = open_engine(MODEL, device="cpu", slots=4, engine=request.param)
    with (
        Served(engine, tokenizer) as served,
        openai.OpenAI(base_url=served.base_url, api_key="any", max_retries=0) as one,
    ):
        yield one


def ask(client: openai.OpenAI, **more: Any) -> Any:
    order: dict[str, Any] = {"model": "chatglm3-6b", "messages": ASKED, "temperature": 0, **more}
    return client.chat.completions.create(**order)


def test_the_two_tool_dialogues_are_exact(client: openai.OpenAI) -> None:
    first = ask(client, tools=WEATHER).choices[0]
    assert first.finish_reason == "tool_calls"
    assert first.message.content is None
    (call,) = first.message.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "北京"}
    answered: Any = [
        *ASKED,
        first.message.model_dump(),
        {"role": "tool", "tool_call_id": call.id, "content": '{"temp": 20}'},
    ]
    second = ask(client, messages=answered, tools=WEATHER).choices[0]
    assert second.message.content == "北京现在20度。"
    assert second.finish_reason == "stop"


def test_a_call_in_a_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model="chatglm3-6b", messages=ASKED, temperature=0, tools=WEATHER
    ) as stream:
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls"
    calls: Any = choice.message.tool_calls
    assert [(one.function.name, one.function.arguments) for one in calls] == [
        ("get_weather", '{"city": "北京"}')
    ]
    # An answer in words goes out as it is made, tools or not.
    hello: Any = [{"role": "user", "content": "hello"}]
    parts = [
        part.choices[0].delta.content or ""
        for part in ask(client, messages=hello, tool_choice="none", tools=WEATHER, stream=True)
    ]
    assert "".join(parts) == "Hello! I am a tiny test model."
    assert len(parts) > 5


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_that_has_to_be_called_is(client: openai.OpenAI, stream: bool) -> None:
    named = {"type": "function", "function": {"name": "add"}}
    for choice, tools in (
        (named, [*WEATHER, OTHER]),
        ("required", [OTHER]),
        ("required", [CITY, OTHER]),
    ):
        answer = ask(client, tools=tools, tool_choice=choice, stream=stream, temperature=1, seed=3)
        if stream:
            chunks = [part.choices[0] for part in answer]
            calls = [call for part in chunks for call in part.delta.tool_calls or []]
            reason = chunks[-1].finish_reason
        else:
            calls, reason = answer.choices[0].message.tool_calls, answer.choices[0].finish_reason
        assert reason == "tool_calls"
        assert len(calls) == 1
        made = json.loads(calls[0].function.arguments)
        if calls[0].function.name == "add":
            assert set(made) == {"a", "b"}
            assert all(0 <= value <= 99 for value in made.values())
        else:
            assert choice == "required"
            assert made["city"] in ("北京", "Paris")


def test_json_of_a_schema_and_any_json(client: openai.OpenAI) -> None:
    schema = OTHER["function"]["parameters"]
    wanted = {"type": "json_schema", "json_schema": {"name": "sum", "schema": schema}}
    for _ in range(2):
        text = ask(client, response_format=wanted, temperature=2).choices[0].message.content
        assert all(0 <= value <= 99 for value in json.loads(text).values())
    wanted = {"type": "json_object"}
    cut = ask(client, response_format=wanted, max_tokens=40).choices[0]
    assert cut.message.content.startswith("{")
    bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "wizard"}}}
    with pytest.raises(openai.BadRequestError) as said:
        ask(client, response_format=bad, stream=True)
    assert said.value.code == "invalid_schema"
    with pytest.raises(openai.BadRequestError, match="tools"):
        ask(client, response_format=wanted, tools=WEATHER)


def test_several_answers_and_texts_continued(client: openai.OpenAI) -> None:
    choices = ask(client, n=8, temperature=1, seed=5).choices
    again = ask(client, n=8, temperature=1, seed=5).choices
    assert [one.message.content for one in choices] == [one.message.content for one in again]
    assert [one.index for one in choices] == list(range(8))
    texts = {0: "", 1: "", 2: ""}
    for part in ask(client, n=3, stream=True, stream_options={"include_usage": True}):
        for choice in part.choices:
            texts[choice.index] += choice.delta.content or ""
    assert len(set(texts.values())) == 1
    assert part.usage.completion_tokens % 3 == 0
    order: dict[str, Any] = {"model": "chatglm3-6b", "temperature": 0, "max_tokens": 5}
    both = client.completions.create(prompt=["你好", "谢谢"], n=2, **order)
    assert [one.index for one in both.choices] == [0, 1, 2, 3]
    assert both.choices[0].text == both.choices[1].text
    streamed = client.completions.create(prompt="你好", stream=True, **order)
    assert "".join(part.choices[0].text for part in streamed) == both.choices[0].text
    with pytest.raises(openai.BadRequestError, match="8"):
        client.completions.create(prompt=["a"] * 5, n=2, **order)


def call_of(code: str) -> Any:
    parameters = {"type": "object", "properties": {"city": {}, "days": {}}}
    tool = Tool("get_weather", {"name": "get_weather", "parameters": parameters})
    found = read_call(f"get_weather\n ```python\n{code}\n```", [tool])
    return json.loads(found.arguments) if found else None


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("tool_call(city='北京')", {"city": "北京"}),
        ('tool_call(city="New\\nYork", days=3)', {"city": "New\nYork", "days": 3}),
        ("tool_call()", {}),
        ("tool_call('北京', days=[1, {'a': None}])", {"city": "北京", "days": [1, {"a": None}]}),
        ("tool_call(city=null, days=true)", {"city": None, "days": True}),
        ("tool_call(**{'city': '北京', 'days': -1.5})", {"city": "北京", "days": -1.5}),
        ("tool_call(city=__import__('os').system('true'))", None),
        ("tool_call(city=open('/etc/passwd').read())", None),
        ("tool_call(city=1e999)", None),
        ("tool_call(city={1, 2})", None),
        ("tool_call(1, 2, 3)", None),
        ("tool_call(**'ab')", None),
        ("tool_call(city='北京'", None),
        ("(" * 500, None),
        ("__import__('os')", None),
    ],
)
def test_arguments_are_read_and_never_run(code: str, arguments: Any) -> None:
    if code == "__import__('os')":  # a call of another name: its arguments are nobody's
        assert call_of(code) in (None, {"city": "os"})
        return
    assert call_of(code) == arguments


def test_what_goes_into_the_prompt_is_what_comes_out_of_an_answer() -> None:
    given = {"city": "北'京\"\n", "days": [1, True, None, {"a b": 0.5}]}
    call = {"function": {"name": "get_weather", "arguments": json.dumps(given)}}
    ((role, text, name),) = call_turns([call], "x")  # type: ignore[misc]  # a call has three parts
    assert (role, name) == ("assistant", "get_weather")
    code = text.removeprefix("```python\n").removesuffix("\n```")
    assert call_of(code) == given
    told = with_tools([("system", "甲"), ("user", "乙")], [Tool("f", {"name": "f"})])
    assert [turn[0] for turn in told] == ["system", "system", "user"]


def test_words_that_only_look_like_a_call_are_words() -> None:
    said = {
        "get": "get_weather is a tool.\nIt works.",
        "list": "get_weather\nadd",
        "code": "other\n```python\ntool_call()\n```",
    }
    engine = ScriptedEngine(lambda asked: said[asked.rsplit(":", 1)[-1]], context=4096)
    with Served(engine) as served, openai.OpenAI(base_url=served.base_url, api_key="x") as one:
        for name, text in said.items():
            messages: Any = [{"role": "user", "content": name}]
            for stream in (False, True):
                answer = ask(one, messages=messages, tools=WEATHER, stream=stream)
                if stream:
                    made = "".join(part.choices[0].delta.content or "" for part in answer)
                else:
                    made = answer.choices[0].message.content
                assert made == text


def test_the_routes_that_clients_look_for() -> None:
    with Served() as served, httpx.Client(base_url=served.root) as http:
        asked = {"model": "THUDM/ChatGLM3-6B:latest", "messages": ASKED}
        answer = http.post("/chat/completions", json=asked, headers={"X-Request-Id": "mine-1"})
        assert answer.status_code == 200
        assert answer.headers["x-request-id"] == "mine-1"
        made = http.get("/v1/models", headers={"X-Request-Id": "no\tid" * 90}).headers
        assert made["x-request-id"].startswith("req-")
        assert http.head("/health").status_code == 200
        assert http.get("/version").json()["version"]
        for name in ("chatglm3-6b", "THUDM/chatglm3-6b", "chatglm3-6b:latest"):
            assert http.get(f"/v1/models/{name}").json()["id"] == "chatglm3-6b"
        for body, count in (
            ({"prompt": "你好"}, 7),
            ({"content": "你好"}, 6),
            ({"messages": [{"role": "user", "content": "你好"}]}, 11),
        ):
            read = http.post("/tokenize", json={"model": "chatglm3-6b", **body}).json()
            assert read["count"] == len(read["tokens"]) == count
            assert read["max_model_len"] == 512
        assert http.post("/tokenize", json={}).status_code == 400
        told = http.get("/metrics").text
        assert 'qa3_endpoint_requests_total{route="/chat/completions",status="200"} 1' in told
        assert "qa3_endpoint_running 0" in told
        tokens = len("北京天气怎么样？".encode())
        assert f"qa3_endpoint_generation_tokens_total {tokens}" in told
