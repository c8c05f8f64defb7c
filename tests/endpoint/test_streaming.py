"""Ids to text: nothing lost or half, no beginning of a stop string shown, the same in any cut."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.scripted_endpoint import ByteTokenizer, ScriptedEngine
from endpoint.errors import EndpointError
from endpoint.model.engine import Sampling, Step
from endpoint.protocol.detokenize import ANCHOR, WINDOW, Piece, WholeCharacters, generate_text
from endpoint.protocol.requests import MOST_STOP_CHARACTERS, MOST_STOPS
from endpoint.protocol.stop_strings import StopStrings

LETTERS = st.text("ab问。 \n", max_size=30)
STOPS = st.lists(st.text("ab问。 \n", min_size=1, max_size=4), max_size=6)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\N{REPLACEMENT CHARACTER}"), max_size=150
)


def cut_at(text: str, stops: list[str]) -> tuple[str, bool]:
    """Where a text ends by the string that is whole first, the longest of those."""
    for end in range(1, len(text) + 1):
        lengths = [len(stop) for stop in stops if text[:end].endswith(stop)]
        if lengths:
            return text[: end - max(lengths)], True
    return text, False


@given(LETTERS, STOPS, st.lists(st.integers(0, 30), max_size=8))
@example("aab", ["aab", "ab"], [])
@example("abab问", ["bab问", "a"], [2])
def test_stop_strings_cut_alike_however_the_text_arrives(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    found = StopStrings(stops)
    shown, stopped = "", False
    for start, end in pairwise([0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]):
        part, stopped = found.add(text[start:end])
        shown += part
        for stop in stops:
            # Nothing shown may turn out to have begun a stop string.
            assert not any(
                shown.endswith(stop[:n]) and not stopped and text[len(shown) :].startswith(stop[n:])
                for n in range(1, len(stop))
            )
        if stopped:
            break
    if not stopped:
        shown += found.rest()
    assert (shown, stopped) == cut_at(text, stops)


def test_the_longest_stop_strings_that_are_taken_cost_little() -> None:
    stops = [f"{'停' * 253}{number:02}。" for number in range(MOST_STOPS)]
    assert sum(map(len, stops)) == MOST_STOP_CHARACTERS
    text = "停" * 252 + "。" + "停" * 200
    found = StopStrings(stops)
    began = time.process_time()
    shown = "".join(found.add(letter)[0] for letter in text * 40)
    assert (shown + found.rest()).startswith(text)
    assert time.process_time() - began < 1.0
    assert found.add("停" * 260 + "07。说")[1]


def pieces(
    answer: str, *, width: int, stop: list[str] | None = None, room: int = 4096
) -> list[Piece]:
    engine = ScriptedEngine(lambda _: answer, context=100_000, width=width)
    spoken = generate_text(engine, ByteTokenizer(), [65], Sampling(max_tokens=room), stop or [])
    return list(spoken)


@given(TEXTS, st.integers(1, 7))
@example("笑脸：😀👋" * 40, 1)
@example(" a " * 70, 1)
def test_the_pieces_are_the_text_whatever_the_steps(text: str, width: int) -> None:
    made = pieces(text, width=width)
    assert "".join(piece.text for piece in made) == text.strip()
    assert [piece.finish for piece in made[:-1]] == [None] * (len(made) - 1)
    assert made[-1].finish == "stop"
    assert made[-1].tokens == len(text.encode())
    assert all("\N{REPLACEMENT CHARACTER}" not in piece.text for piece in made)


@given(TEXTS, st.integers(0, 40), st.integers(1, 5))
def test_a_cut_answer_says_so_and_ends_with_a_whole_character(
    text: str, room: int, width: int
) -> None:
    made = pieces(text, width=width, room=room)
    shown = "".join(piece.text for piece in made)
    assert made[-1].finish == ("stop" if len(text.encode()) <= room else "length")
    assert made[-1].tokens == min(room, len(text.encode()))
    assert shown == text.encode()[:room].decode(errors="ignore").strip()


@given(st.text("ab问。😀 ", min_size=1, max_size=60), STOPS, st.integers(1, 5))
def test_stop_strings_hold_across_the_steps_of_a_model(
    text: str, stops: list[str], width: int
) -> None:
    made = pieces(text, width=width, stop=stops)
    cut, _ = cut_at(text.strip(), stops)
    assert "".join(piece.text for piece in made) == cut.rstrip()


def test_bytes_that_are_no_character_are_shown_once_it_is_sure() -> None:
    characters = WholeCharacters(ByteTokenizer().decode)
    parts = [characters.add([one]) for one in b"\xf0\x9fa\xf0\x9f\x98\x80b"]
    assert "".join(parts) == b"\xf0\x9fa\xf0\x9f\x98\x80b".decode("utf-8", "replace")


def test_a_long_answer_decodes_only_its_end() -> None:
    decoded: list[int] = []

    def decode(ids: object) -> str:
        assert isinstance(ids, list)
        decoded.append(len(ids))
        return ByteTokenizer().decode(ids)

    characters = WholeCharacters(decode)
    text = "早上好。Good morning. " * 400
    shown = "".join(characters.add([one]) for one in text.encode())
    assert shown.rstrip() == text.rstrip()
    assert max(decoded) <= WINDOW + ANCHOR


def test_an_engine_that_ends_without_a_reason_is_no_answer() -> None:
    class Mute(ScriptedEngine):
        def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
            del ids, sampling
            return iter(())

    with pytest.raises(EndpointError) as raised:
        list(generate_text(Mute(), ByteTokenizer(), [65], Sampling()))
    assert raised.value.code == "endpoint.unfinished"


def test_closing_the_pieces_closes_the_generation() -> None:
    engine = ScriptedEngine(lambda _: "早上好" * 10)
    spoken = generate_text(engine, ByteTokenizer(), [65], Sampling())
    next(spoken)
    assert not engine.closed.acquire(blocking=False)
    spoken.close()
    assert engine.closed.acquire(blocking=False)
