"""The errors of ``chains``.

ChainError <- SaidError <- LangChainException
├── SettingsError     a value out of range, an unknown backend, a broken settings file
├── BackendError      the model cannot be reached, refuses the key, or does not exist
├── UnansweredError   one request without a reply, with the reason
├── ReplyError        a reply from which no pair can be read, with the reason
├── EmbeddingError    vectors that cannot be had or are not vectors
├── WeightsError      model files that are missing, broken or cannot be downloaded
├── JournalError      the journal cannot be opened or written
├── ClusterError      machines that cannot be reached, or that cannot work on a run
└── BusyError         more is waiting than may wait
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from messages.errors import SaidError
from pairs.records import Reason

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage


class ChainError(SaidError):
    """Base of all errors of ``chains``."""


class SettingsError(ChainError):
    """A setting that cannot be used, with its source."""


class BackendError(ChainError):
    """A backend that cannot serve the run at all: every further call would fail the same way."""


class UnansweredError(ChainError):
    """A request without a reply.

    Attributes:
        reason: Why.
        asked: False where it was not sent at all: a budget, the user or a failure ended the run.
        overflow: Whether it was refused for being longer than the model's context.
    """

    def __init__(self, reason: Reason, *, asked: bool = True, overflow: bool = False) -> None:
        super().__init__(reason.code, **reason.fields)
        self.reason = reason
        self.asked = asked
        self.overflow = overflow

    def __reduce__(self) -> tuple[object, ...]:
        return (_unanswered, (self.reason, self.asked, self.overflow))


def _unanswered(reason: Reason, asked: bool, overflow: bool) -> UnansweredError:
    return UnansweredError(reason, asked=asked, overflow=overflow)


class ReplyError(ChainError):
    """A reply from which no pair can be read.

    Codes under ``reply.nothing`` mean that the reply says in words that there is nothing to ask;
    every other code is a failure.

    Attributes:
        message: The reply, where it came as a message through a chain.
    """

    message: AIMessage | None = None


class EmbeddingError(ChainError):
    """Embeddings that cannot be loaded, or wrong numbers or sizes of vectors."""


class WeightsError(ChainError):
    """Model files that are missing, incomplete, or cannot be downloaded."""


class JournalError(ChainError):
    """The journal cannot be opened, read or written."""


class ClusterError(ChainError):
    """A cluster that does not answer, or none of whose machines can work on a run."""


class BusyError(ChainError):
    """The queue is full; jobs accepted before are not lost."""


_EXAMPLES = {
    "string": '"..."',
    "missing": '"..."',
    "int": "1",
    "float": "0.5",
    "bool": "true, false",
    "list": "[...]",
}


def expected(fault: Any) -> str:
    """What would have been right, in no language.

    Args:
        fault: One of the errors of a pydantic ``ValidationError``.
    """
    context = fault.get("ctx", {})
    bounds = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    limits = [f"{sign} {context[name]:g}" for name, sign in bounds.items() if name in context]
    if "expected" in context:
        return str(context["expected"]).replace("'", "").replace(" or ", ", ")
    kind = str(fault["type"]).partition("_")[0]
    return ", ".join(limits) or _EXAMPLES.get(kind, kind)
