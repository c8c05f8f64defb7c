"""What a run may spend: so many calls, so many tokens, and never more."""

from __future__ import annotations

import threading

from pairs.records import Reason


class Budget:
    """Counts calls and tokens against their ceilings, from any number of threads.

    A call sets aside the most it can take until its reply says what it took. Where that does not
    fit, it waits for the calls under way: they may take less.

    Args:
        calls: Answered calls at most; None for any number.
        tokens: Tokens at most, of prompts (estimated beforehand) and replies; None for any number.
    """

    def __init__(self, calls: int | None = None, tokens: int | None = None) -> None:
        self._most_calls, self._most_tokens = calls, tokens
        self._calls = self._tokens = 0
        self._under_way: list[int] = []
        self._changed = threading.Condition()

    def take(self, tokens: int) -> Reason | None:
        """None where a call is set aside, else the reason why it does not fit.

        Args:
            tokens: The most the call can take.
        """
        with self._changed:
            while short := self._short(tokens):
                if not self._under_way:
                    return short
                self._changed.wait()
            self._under_way.append(tokens)
        return None

    def settle(self, tokens: int, used: int | None) -> None:
        """Ends a call.

        Args:
            tokens: What was set aside for it.
            used: What it took; None where it was not answered.
        """
        with self._changed:
            self._under_way.remove(tokens)
            if used is not None:
                self._calls += 1
                self._tokens += used
            self._changed.notify_all()

    def _short(self, tokens: int) -> Reason | None:
        calls, most = self._calls + len(self._under_way), self._most_calls
        if most is not None and calls >= most:
            return Reason(code="budget.calls", fields={"most": most})
        spent, most = self._tokens + sum(self._under_way), self._most_tokens
        if most is not None and spent + tokens > most:
            return Reason(code="budget.tokens", fields={"most": most})
        return None
