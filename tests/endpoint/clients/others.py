"""litellm, LangChain and pydantic-ai with tools, structures, overflow and embeddings.

Run by ``tests/endpoint/test_clients.py``; ``QA3_CLIENTS_URL`` names the endpoint.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

URL = os.environ["QA3_CLIENTS_URL"]


class City(BaseModel):
    """A city, as structured output."""

    name: str
    million: int


def test_langchain_binds_tools_and_reads_structures() -> None:
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    @tool
    def weather_of(city: str) -> str:
        """The weather of a city."""
        return city

    model = ChatOpenAI(base_url=URL, api_key=SecretStr("any"), model="chatglm3-6b")
    (call,) = model.bind_tools([weather_of]).invoke("天气？").tool_calls
    assert (call["name"], call["args"]) == ("weather_of", {"city": "北京"})
    for method in ("function_calling", "json_schema"):
        read = model.with_structured_output(City, method=method).invoke("北京")
        assert isinstance(read, City)


def test_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks the network
    import litellm

    litellm.drop_params = True
    messages = [{"role": "user", "content": "天气？"}]
    order: dict[str, Any] = {
        "model": "openai/chatglm3-6b",
        "api_base": URL,
        "api_key": "any",
        "messages": messages,
    }
    plain = litellm.completion(**order, n=2, presence_penalty=0.4, frequency_penalty=0.7)
    assert [one.message.content for one in plain.choices] == ["Hello, there. 1 2 3"] * 2
    parts = litellm.completion(**order, stream=True)
    text = "".join(part.choices[0].delta.content or "" for part in parts)
    assert text == "Hello, there. 1 2 3"
    tools = [{"type": "function", "function": {"name": "weather_of", "parameters": {}}}]
    called = litellm.completion(**order, tools=tools).choices[0].message.tool_calls[0]
    assert json.loads(called.function.arguments) == {"city": "北京"}
    read = litellm.completion(**order, response_format=City).choices[0].message.content
    assert City.model_validate_json(read).million == 3
    long = [{"role": "user", "content": "长" * 4000}]
    with pytest.raises(litellm.ContextWindowExceededError):
        litellm.completion(**{**order, "messages": long})
    vectors = litellm.embedding(
        model="openai/bge-large-zh-v1.5",
        input=["一二"],
        api_base=URL,
        api_key="any",
    )
    assert vectors.data[0]["embedding"] == [2.0, 0.5]
    continued = litellm.text_completion(
        model="text-completion-openai/chatglm3-6b",
        prompt="1",
        api_base=URL,
        api_key="any",
    )
    assert continued.choices[0].text.startswith("Hello")


def test_langchain_knows_an_overflow() -> None:
    from langchain_core.exceptions import ContextOverflowError
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(base_url=URL, api_key=SecretStr("any"), model="chatglm3-6b")
    with pytest.raises(ContextOverflowError):
        model.invoke("长" * 4000)


def test_pydantic_ai() -> None:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=URL, api_key="any")
    model = OpenAIChatModel("chatglm3-6b", provider=provider)
    read = Agent(model, output_type=City).run_sync("北京").output
    assert read.million == 3
    agent = Agent(model)

    @agent.tool_plain
    def weather_of(city: str) -> str:
        """The weather of a city."""
        return f"{city}: 20"

    assert agent.run_sync("天气？").output == "Hello, there. 1 2 3"
