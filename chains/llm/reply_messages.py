"""Requests and replies as LangChain's messages."""

from __future__ import annotations

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, convert_to_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig

from pairs.records import TokenUsage

from ..errors import ReplyError
from ..parsing.parser import PairParser
from ..records import Reply


def tokens_paid(reply: AIMessage) -> TokenUsage:
    """The usage of a reply of a ``CachedModel``; zero if it came from the journal.

    Args:
        reply: As ``CachedModel`` gave it.
    """
    usage = reply.usage_metadata
    if usage is None or reply.response_metadata["from_journal"]:
        return TokenUsage()
    return TokenUsage(calls=1, prompt=usage["input_tokens"], completion=usage["output_tokens"])


def request_metadata(config: RunnableConfig) -> dict[str, str]:
    """The chunk id and the prompt fingerprint that are saved with the reply."""
    metadata = config.get("metadata") or {}
    return {name: str(metadata.get(name, "")) for name in ("chunk_id", "prompt")}


def has_pair(text: str) -> bool:
    """Whether a cut reply holds a whole pair."""
    try:
        return bool(PairParser().read(text, truncated=True).drafts)
    except ReplyError:
        return False


def messages_of(value: LanguageModelInput) -> list[BaseMessage]:
    """The messages of a request in any of LangChain's forms."""
    if isinstance(value, PromptValue):
        return value.to_messages()
    if isinstance(value, str):
        return [HumanMessage(value)]
    return convert_to_messages(value)


def as_message(reply: Reply, key: str, *, from_journal: bool) -> AIMessage:
    """A reply as a LangChain message."""
    total = reply.prompt_tokens + reply.completion_tokens
    return AIMessage(
        content=reply.text,
        usage_metadata=UsageMetadata(
            input_tokens=reply.prompt_tokens,
            output_tokens=reply.completion_tokens,
            total_tokens=total,
        ),
        response_metadata={
            "model_name": reply.model,
            "finish_reason": reply.finish_reason,
            "truncated": reply.truncated,
            "journal_key": key,
            "from_journal": from_journal,
        },
    )
