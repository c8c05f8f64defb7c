"""OpenAI's own client and LangChain's drive every route, streaming and not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from pydantic import SecretStr

from bench.scripted_endpoint import ScriptedEngine, Served
from chains.embedding.packaged import PackagedEmbeddings
from endpoint.protocol.embedder import Embedder

BGE = "bge-large-zh-v1.5"


def counted(asked: str) -> str:
    """Says what it was told to be, and how many messages there were."""
    role = asked.partition("system:")[2].partition("\n")[0]
    return f"{role}：{asked.count(chr(10)) + 1} 😀"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    packaged = PackagedEmbeddings()
    embedder = Embedder(
        BGE,
        512,
        lambda texts: packaged.embed_documents(list(texts)),
        lambda texts: [len(text) + 2 for text in texts],
    )
    with Served(ScriptedEngine(counted), embedder=embedder) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=served.base_url, api_key="any", max_retries=0) as one:
        yield one


def test_any_key_and_a_system_message_that_gives_a_role(served: Served) -> None:
    address = f"http://127.0.0.1:{served.base_url.rsplit(':', 1)[1]}"
    for role in ("你是一位历史老师", "You are a history teacher"):
        with openai.OpenAI(base_url=address, api_key="not-empty") as client:
            messages: Any = [
                {"role": "system", "content": role},
                {"role": "user", "content": "你好"},
            ]
            whole = client.chat.completions.create(model="chatglm3-6B", messages=messages)
            assert whole.choices[0].message.content == f"{role}：2 😀"
            assert whole.choices[0].finish_reason == "stop"
            stream = client.chat.completions.create(
                model="chatglm3-6B", messages=messages, stream=True
            )
            parts = [chunk.choices[0].delta.content or "" for chunk in stream]
            assert "".join(parts) == whole.choices[0].message.content
            assert len(parts) > 3


def test_every_route(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["chatglm3-6b", BGE]
    assert client.models.retrieve("chatglm3-6B").id == "chatglm3-6b"
    with client.chat.completions.stream(
        model="chatglm3-6b",
        messages=[{"role": "user", "content": "你好"}],
        stream_options={"include_usage": True},
        stop=["😀"],
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "：1"
    assert final.usage is not None
    assert final.usage.total_tokens == final.usage.prompt_tokens + final.usage.completion_tokens
    texts = ["什么是索引？", "What is an index?"]
    by_default = client.embeddings.create(model=BGE, input=texts)  # asks for base64
    plain = client.embeddings.create(model=BGE, input=texts, encoding_format="float")
    for one, other in zip(by_default.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert sum(number**2 for number in one.embedding) == pytest.approx(1, abs=1e-4)
    assert plain.usage.prompt_tokens == plain.usage.total_tokens == sum(map(len, texts)) + 4


def test_errors_are_the_clients_own(client: openai.OpenAI, served: Served) -> None:
    message: Any = [{"role": "user", "content": "长" * 300}]
    with pytest.raises(openai.BadRequestError, match="905") as raised:
        client.chat.completions.create(model="chatglm3-6b", messages=message)
    assert raised.value.code == "context_length_exceeded"
    assert raised.value.param == "messages"
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt-4", messages=message)
    with pytest.raises(openai.BadRequestError, match="tools"):
        client.chat.completions.create(
            model="chatglm3-6b",
            messages=message,
            tools=[{"type": "function", "function": {"name": "", "parameters": {}}}],
        )
    with (
        Served(api_key="right") as locked,
        openai.OpenAI(base_url=locked.base_url, api_key="wrong") as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()
    assert httpx.get(f"{served.root}/health").json()["running"] == 0


def test_many_at_once_through_the_client_for_asyncio(served: Served) -> None:
    async def one(client: openai.AsyncOpenAI, at: int) -> str:
        messages: Any = [{"role": "system", "content": f"甲{at}"}, {"role": "user", "content": "?"}]
        stream = await client.chat.completions.create(
            model="chatglm3-6b", messages=messages, stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=served.base_url, api_key="any") as client:
            return await asyncio.gather(*(one(client, at) for at in range(64)))

    assert asyncio.run(all_of_them()) == [f"甲{at}：2 😀" for at in range(64)]


def test_langchain_asks_and_embeds(served: Served) -> None:
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    model = ChatOpenAI(
        base_url=served.base_url, api_key=SecretStr("any"), model="chatglm3-6b", temperature=0
    )
    messages = [("system", "你是老师"), ("user", "你好")]
    whole = model.invoke(messages)
    assert whole.text == "你是老师：2 😀"
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == len("你是老师：2 😀".encode())
    assert "".join(part.text for part in model.stream(messages)) == whole.text
    embeddings = OpenAIEmbeddings(
        openai_api_base=served.base_url,
        openai_api_key=SecretStr("any"),
        model=BGE,
        check_embedding_ctx_length=False,
    )
    rows = embeddings.embed_documents(["什么是索引？", "What is an index?"])
    assert [len(row) for row in rows] == [512, 512]
    assert embeddings.embed_query("什么是索引？") == pytest.approx(rows[0], abs=1e-6)
