"""What a typed text is taken for, the panel's numbers, and the words elements are given."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_site import CHINESE, ENGLISH

from chains.settings import resolve
from messages import LANGUAGES, say
from messages.errors import SaidError
from ui.chainlit_home import ELEMENTS, HERE
from ui.engine import Engine
from ui.intent import COMMANDS, command_of, is_material
from ui.settings_panel import Panel, read_panel
from ui.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_sentences_are_material_and_questions_are_not(text: str) -> None:
    assert is_material(text, has_list=False)
    assert not is_material(text, has_list=True)
    assert is_material(text * 30, has_list=True)
    for asked in (
        "When was it opened? And by whom?",
        "赵州桥是谁设计的？全长多少米？",
        "Hello.",
        "你好。",
    ):
        assert not is_material(asked, has_list=False)
    assert not is_material("Version 3.5 of it is here now", has_list=False)


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_one_or_the_other(text: str, has_list: bool) -> None:
    assert is_material(text, has_list=has_list) in (True, False)


@pytest.fixture
def panel() -> Iterator[Panel]:
    shared = Engine()
    yield Panel(shared, resolve(), (1.0, 1000), "en")
    shared.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_left_alone_changes_nothing(panel: Panel, language: str) -> None:
    shown = Panel(panel.engine, panel.resolved, panel.confirm, language)
    chosen, confirm = read_panel(shown.values(), shown)
    assert panel.engine.settings(chosen).settings == panel.resolved.settings
    assert confirm == panel.confirm


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 3),
        ("max_tokens", "1"),
        ("chunk_size", "99999"),
        ("chunk_size", "12.5"),
        ("threshold", "1.5"),
        ("threshold", "nan"),
        ("threshold", "x" * 1000),
        ("backend", "nobody-knows"),
        ("language", "fr"),
    ],
)
def test_what_cannot_be_used_is_refused(panel: Panel, name: str, value: Any) -> None:
    from chains.llm.backends import choose

    values = {**panel.values(), name: value}
    with pytest.raises(SaidError):
        choose(panel.engine.settings(read_panel(values, panel)[0]))


@given(values=st.dictionaries(st.sampled_from(["temperature", "chunk_size", "threshold",
    "confirm_cost", "confirm_tokens", "prompt", "prompt_text", "backend", "density"]),
    st.none() | st.text(max_size=20) | st.integers() | st.floats() | st.booleans()))  # fmt: skip
def test_whatever_a_browser_sends_is_settings_or_a_message(values: dict[str, Any]) -> None:
    shared = _ENGINES[0] if _ENGINES else Engine()
    _ENGINES[:] = [shared]
    with suppress(SaidError):  # and nothing else
        chosen, _ = read_panel(values, Panel(shared, resolve(), (1.0, 1000), "en"))
        assert shared.settings(chosen).settings.journal is None


_ENGINES: list[Engine] = []


@pytest.mark.parametrize("language", LANGUAGES)
def test_elements_have_every_word_they_say(language: str) -> None:
    given = words(language)
    for parts in ELEMENTS.values():
        code = "\n".join((HERE / "elements" / part).read_text(encoding="utf-8") for part in parts)
        said = set(re.findall(r"say\('(\w+)'", code))
        assert said <= given.keys()
    for text in given.values():
        assert text.count("{") == text.count("}")


def test_every_file_of_the_page_comes_with_the_wheel() -> None:
    """Its elements, pictures and samples are no modules: only the build's list brings them."""
    project = (HERE.parent / "pyproject.toml").read_text("utf-8")
    listed = re.search(r"package-data\].*?^ui = \[(.*?)\]$", project, re.MULTILINE | re.DOTALL)
    assert listed is not None
    globs = re.findall(r'"(.+?)"', listed[1])
    brought = {file for one in globs for file in HERE.glob(one)} | {HERE / "py.typed"}
    there = {file for file in HERE.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert {file for file in there - brought if file.suffix != ".py"} == set()


def test_one_thing_has_one_word_at_every_door() -> None:
    assert say("page.w_rejected", "zh") == say("view.rejected", "zh") == "剔除"
    assert say("page.w_passage", "zh") == say("table.evidence", "zh") == "依据"
    for word in words("zh").values():
        assert "拒绝" not in word
        assert "token" not in word


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_have_a_name_in_each_language(language: str) -> None:
    for known, (name, *_) in COMMANDS.items():
        said = say(name, language)
        assert command_of(said, "text") == (known, "text")
        assert command_of(None, f"/{said} text") == (known, "text")
        assert said.isascii() == (language == "en")
