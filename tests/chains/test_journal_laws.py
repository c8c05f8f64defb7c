"""Laws of replies and claims: whatever is repeated, lost or freed, each request is settled once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.journal.leases import Lease
from chains.journal.replies import Journal
from chains.records import Reply

KEYS, WORKERS = "abc", ("", "w1", "w2")
batches = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)
steps = st.lists(
    st.tuples(
        st.sampled_from(("claim", "keep", "again", "release", "free", "end")),
        batches,
        st.sampled_from((0, 1)),
        st.sampled_from(WORKERS),
    ),
    max_size=25,
)


class Runs:
    """Two runs on one journal, each with a file handle of its own, and what they must see."""

    def __init__(self, path: Path, open_: ExitStack) -> None:
        self.journals = [open_.enter_context(Journal(path)) for _ in range(2)]
        self.path = path
        self.open = open_
        self.leases = [self.lease(run) for run in (0, 1)]
        self.holds: dict[str, tuple[str, str]] = {}
        self.kept: dict[str, list[Reply]] = {}
        self.last: dict[str, Reply] = {}

    def lease(self, run: int) -> Lease:
        return self.open.enter_context(Lease(self.journals[run], threading.Event()))

    def step(self, what: str, keys: list[str], run: int, worker: str) -> None:
        journal, owner = self.journals[run], self.leases[run].id
        if what == "claim":
            won = journal.claim(keys, owner, worker)
            mine = (owner, worker)
            free = [k for k in keys if k not in self.kept and k not in self.holds]
            again = [k for k in keys if worker and self.holds.get(k) == mine]
            assert won == {*free, *again}
            self.holds |= dict.fromkeys(won, mine)
        elif what == "keep":
            self.last = {
                key: Reply(chunk_id="c", text="same", id=f"{key}{len(self.kept.get(key, ()))}")
                for key in keys
            }
            for key, reply in self.last.items():
                self.kept.setdefault(key, []).append(reply)
                self.holds.pop(key, None)
            journal.keep(self.last)
        elif what == "again":  # the call before is repeated, perhaps at another handle
            journal.keep(self.last)
            for key in self.last:
                self.holds.pop(key, None)
        elif what == "release":
            journal.release(keys, owner)
            self.holds = {k: h for k, h in self.holds.items() if not (k in keys and h[0] == owner)}
        elif what == "free" and worker:
            journal.free(worker)
            self.holds = {k: h for k, h in self.holds.items() if h[1] != worker}
        elif what == "end":
            self.leases[run].__exit__(None, None, None)
            self.holds = {k: h for k, h in self.holds.items() if h[0] != owner}
            self.leases[run] = self.lease(run)

    def check(self) -> None:
        for journal in self.journals:
            assert journal.known(KEYS) == {key: some[0] for key, some in self.kept.items()}
        rows = self.journals[0].rows("SELECT key, reply FROM replies ORDER BY key, attempt")
        stored = [(key, Reply.model_validate_json(text)) for key, text in rows]
        assert stored == [(key, one) for key in sorted(self.kept) for one in self.kept[key]]
        claims = self.journals[0].rows(
            "SELECT key, owner, COALESCE(worker, '') FROM claims LEFT JOIN senders USING (key)"
        )
        assert {key: (owner, worker) for key, owner, worker in claims} == self.holds


@contextmanager
def two_runs(path: Path) -> Iterator[Runs]:
    with ExitStack() as open_:
        yield Runs(path, open_)


@settings(max_examples=20)
@given(steps)
def test_a_claim_has_one_holder_and_a_reply_stands_once(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, list[str], int, str]]
) -> None:
    with two_runs(tmp_path_factory.mktemp("j") / "j.sqlite") as runs:
        for step in made:
            runs.step(*step)
        runs.check()


def test_a_reply_marked_as_bad_gives_way_to_the_next_first(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        for text in ("bad", "first", "second"):
            journal.keep({"a": Reply(chunk_id="c", text=text, id=text)})
            if text == "bad":
                with journal.writing() as db:
                    db.execute("UPDATE replies SET passed_over = 1")
        assert journal.known(["a", "b"])["a"].text == "first"
