"""The reason that an exception gives: its own code and fields, or the caller's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from messages.errors import SaidError
from pairs import Reason


def test_an_error_with_a_code_keeps_it_and_its_integers() -> None:
    error = SaidError("load.nothing", path=Path("a.pdf"), pages=3)
    reason = Reason.of(error, "job.unexpected")
    assert reason == Reason(code="load.nothing", fields={"path": "a.pdf", "pages": 3})


def test_any_other_exception_takes_the_callers_code() -> None:
    reason = Reason.of(ValueError("x" * 400), "job.unexpected")
    assert reason.code == "job.unexpected"
    assert reason.fields == {"kind": "ValueError", "reason": "x" * 300}


def test_without_a_code_the_error_itself_is_raised() -> None:
    error = ValueError("ours")
    with pytest.raises(ValueError, match="ours") as caught:
        Reason.of(error)
    assert caught.value is error
