"""What a fault of qa3 itself costs: one chunk or one pair, never the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from messages.errors import SaidError
from messages.log import logged
from pairs.records import Reason

from .extraction import Answered
from .judge.records import Checked

if TYPE_CHECKING:
    from pairs.compare.dedupe import Deduper

log = logging.getLogger(__name__)
FAULTS = ("pair.fault", "pair.fault_logged")  # the code without and with a log file
"""Why a pair is left out over which qa3 itself stumbled."""
Outcome = TypeVar("Outcome")


def ended(at: int, result: Outcome | Exception) -> tuple[int, Outcome | Answered]:
    """The outcome of a chunk; an unexpected error fails the chunk, an error of the journal the run.

    Args:
        at: The chunk's index.
        result: What asking about it returned or raised.

    Raises:
        SaidError: The journal's, as it is.
    """
    if isinstance(result, SaidError):
        raise result
    if isinstance(result, Exception):
        log.error("asking about chunk %d failed", at, exc_info=result)
        return at, Answered(reason=chunk_fault(result))
    return at, result


def chunk_fault(error: Exception | Mapping[str, str]) -> Reason:
    """The reason of a chunk that failed because of a fault in qa3 itself.

    Args:
        error: The error, or its ``kind`` and ``reason``.
    """
    told = error if isinstance(error, Mapping) else Reason.of(error, "chunk.unexpected").fields
    code, fields = logged("chunk.unexpected", "chunk.unexpected_logged", **told)
    return Reason(code=code, fields=fields)


def pair_fault(error: Exception | Mapping[str, str]) -> Reason:
    """Why a pair is left out over which qa3 itself stumbled.

    Args:
        error: The error, or its ``kind``.
    """
    kind = error["kind"] if isinstance(error, Mapping) else type(error).__name__
    code, fields = logged(*FAULTS, kind=kind)
    return Reason(code=code, fields=fields)


def decided(decide: Callable[[Checked], Checked], checked: Checked) -> Checked:
    """A pair as decided anew; as it was where deciding fails.

    Args:
        decide: Gives a pair with the reason to reject it, or None, for such a couple.
        checked: The couple.

    Raises:
        SaidError: The journal's, as it is.
    """
    try:
        return decide(checked)
    except SaidError:
        raise
    except Exception:
        log.exception("a pair of chunk %s keeps the rules' verdict", checked[0].chunk_id)
        return checked


def deduplication_error(
    deduper: Deduper, first: Callable[[], None] | None = None
) -> Exception | None:
    """The error that deduplicating these pairs raises, or None.

    Args:
        deduper: Holds them.
        first: Called before, to the same effect where it raises.

    Raises:
        SaidError: The journal's, as it is.
    """
    try:
        if first is not None:
            first()
        deduper.kept  # noqa: B018 - judged when looked at
    except SaidError:
        raise
    except Exception as error:  # noqa: BLE001 - the caller decides what it costs
        return error
    return None
