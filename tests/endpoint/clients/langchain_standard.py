"""LangChain's own standard suite for chat models and embeddings, on this endpoint.

Run by ``tests/endpoint/test_clients.py``; ``QA3_CLIENTS_URL`` names the endpoint.
"""

from __future__ import annotations

import os
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

URL = os.environ["QA3_CLIENTS_URL"]


class TestChat(ChatModelIntegrationTests):
    """Chat, with tools and structured output."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """LangChain's client for OpenAI's protocol."""
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """Of the client."""
        return {"base_url": URL, "api_key": "any", "model": "chatglm3-6b", "stream_usage": True}

    @property
    def has_tool_choice(self) -> bool:
        """A tool can be forced."""
        return True

    @property
    def supports_json_mode(self) -> bool:
        """Any JSON object can be asked for."""
        return True


class TestEmbeddings(EmbeddingsIntegrationTests):
    """Embeddings."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        """LangChain's client for OpenAI's protocol."""
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        """Of the client."""
        return {
            "base_url": URL,
            "api_key": "any",
            "model": "bge-large-zh-v1.5",
            "check_embedding_ctx_length": False,
        }
