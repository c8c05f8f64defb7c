"""One model in memory however many ask it, and backends kept open for conversations."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from chains.chat.dialogue import Dialogue
from chains.llm.backends import BUILT_IN, Backend, backend_of
from chains.llm.client import OpenBackend
from chains.llm.embedded_servers import EmbeddedServers
from chains.llm.open_backends import IDLE, OpenBackends
from chains.records import Job
from chains.settings import Settings, resolve


class Llama:
    """A llama.cpp that loads nothing."""

    running = 0
    started = 0
    most = 0
    fails = False

    def __init__(self, model: Path, *, context: int, slots: int) -> None:
        self.model, self.context, self.slots = model, context, slots
        self.base_url, self.api_key = "http://127.0.0.1:9/v1", "key"
        self.dead = True

    def start(self) -> Llama:
        """Counted."""
        if Llama.fails:
            raise OSError
        self.dead = False
        Llama.running += 1
        Llama.started += 1
        Llama.most = max(Llama.most, Llama.running)
        return self

    def alive(self) -> bool:
        """Until it is stopped, or dies."""
        return not self.dead

    def stop(self) -> None:
        """Counted."""
        Llama.running -= 1
        self.dead = True


@pytest.fixture(autouse=True)
def llama(monkeypatch: pytest.MonkeyPatch) -> type[Llama]:
    Llama.running = Llama.started = Llama.most = 0
    Llama.fails = False
    monkeypatch.setattr("endpoint.llamacpp.LlamaServer", Llama)
    return Llama


@pytest.fixture
def embedded(tmp_path: Path) -> Backend:
    file = tmp_path / "own.gguf"
    file.write_bytes(b"GGUF")
    return BUILT_IN["embedded"].model_copy(update={"model": str(file)})


def test_a_model_is_loaded_once_for_all_that_ask_at_the_same_time(embedded: Backend) -> None:
    ready = threading.Barrier(8)

    def ask() -> None:
        with closing(OpenBackend(embedded, Settings())) as opened:
            opened.llm()
            ready.wait(30)
            assert opened.alive()
            ready.wait(30)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Llama.started, Llama.running) == (1, 0)


def test_another_model_or_more_room_is_another_process(tmp_path: Path) -> None:
    servers = EmbeddedServers()
    one = servers.take(tmp_path / "a", context=100, slots=2)
    assert servers.take(tmp_path / "a", context=50, slots=1) is one
    others = [
        servers.take(tmp_path / name, context=context, slots=slots)
        for name, context, slots in (("b", 100, 2), ("a", 101, 2), ("a", 100, 3))
    ]
    assert len({id(server) for server in (one, *others)}) == 4
    servers.give_back(one)
    assert one.alive()
    servers.give_back(one)
    assert not one.alive()
    for server in others:
        servers.give_back(server)
    assert Llama.running == 0


def test_a_process_that_died_is_not_given_to_others(tmp_path: Path) -> None:
    servers = EmbeddedServers()
    died = servers.take(tmp_path / "a", context=100, slots=1)
    died.dead = True  # type: ignore[attr-defined]  # the double
    fresh = servers.take(tmp_path / "a", context=100, slots=1)
    assert fresh is not died
    servers.give_back(died)
    assert fresh.alive()


def test_one_that_does_not_start_leaves_nothing_behind(tmp_path: Path) -> None:
    servers = EmbeddedServers()
    Llama.fails = True
    with pytest.raises(OSError):  # noqa: PT011 - the double's
        servers.take(tmp_path / "a", context=100, slots=1)
    Llama.fails = False
    assert servers.take(tmp_path / "a", context=100, slots=1).alive()


def test_backends_stay_open_between_conversations_until_there_are_too_many(
    embedded: Backend,
) -> None:
    backends = OpenBackends()
    with closing(backends):
        opened = backends.take(embedded, Settings())
        assert backends.take(embedded, Settings()) is opened
        opened.llm()
        # Others come and go; what is in use is not closed for them.
        for n in range(2 * IDLE):
            backends.give_back(backends.take(embedded, Settings(temperature=n / 10 + 0.05)))
        assert opened.alive()
        assert Llama.running == 1
        backends.give_back(opened)
        backends.give_back(opened)
        assert backends.take(embedded, Settings()) is opened
        backends.give_back(opened)
        for n in range(IDLE):
            backends.give_back(backends.take(embedded, Settings(temperature=n / 10 + 0.05)))
        assert Llama.running == 0
        again = backends.take(embedded, Settings())
        assert again is not opened
        again.llm()
    assert Llama.running == 0
    backends.give_back(again)


def test_an_idle_backend_whose_process_died_is_opened_anew(embedded: Backend) -> None:
    backends = OpenBackends()
    opened = backends.take(embedded, Settings())
    opened.llm()
    backends.give_back(opened)
    assert opened._server
    opened._server.dead = True  # type: ignore[attr-defined]  # the double
    assert backends.take(embedded, Settings()) is not opened


def test_closing_a_conversation_twice_gives_its_backend_back_once() -> None:
    resolved = resolve({"backend": "chatglm3"})
    backends = OpenBackends(idle=0)
    first, second = (Dialogue(resolved, backends=backends) for _ in range(2))
    assert first._opened is second._opened
    first.close()
    first.close()
    third = Dialogue(resolved, backends=backends)
    assert third._opened is second._opened
    for dialogue in (second, third):
        dialogue.close()


def test_answers_of_the_embedded_model_come_one_after_the_other(embedded: Backend) -> None:
    backends = OpenBackends()
    other = BUILT_IN["chatglm3"]
    with backends.turn(embedded):
        got: list[bool] = []
        thread = threading.Thread(target=lambda: got.append(_enters(backends, embedded)))
        thread.start()
        with backends.turn(other), backends.turn(other):
            assert got == []
    thread.join(30)
    assert got == [True]


def _enters(backends: OpenBackends, backend: Backend) -> bool:
    with backends.turn(backend):
        return True


@pytest.mark.parametrize(
    ("table", "is_embedded"),
    [
        ({"name": "embedded", "model": "m"}, True),
        ({"name": "embedded", "model": "m", "base_url": "http://127.0.0.1:1/v1"}, False),
        ({"name": "chatglm3", "model": "m", "base_url": "http://127.0.0.1:1/v1"}, False),
    ],
)
def test_a_job_is_the_embedded_models_where_no_address_answers_it(
    table: dict[str, str], *, is_embedded: bool
) -> None:
    assert backend_of(Job(id="j", fingerprint="f", backend=table)).embedded == is_embedded
