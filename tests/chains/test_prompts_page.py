"""The pages on prompts show each prompt as it is sent on a chunk of the example documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from chains.run.chain import request_notes
from chains.run.inputs import read_inputs
from chains.settings import resolve
from prompts import KINDS, PROMPTS, STYLES, load_prompt, read_prompt
from prompts.source import request_words

ROOT = Path(__file__).parents[2]
SHOWN = {"zh": "hzmb.md", "en": "apollo11.md"}
PAGES = {"zh": "prompts.zh.md", "en": "prompts.md"}


def as_sent(name: str, language: str) -> str:
    """The messages of one request, each under its role."""
    document = ROOT / "examples" / "documents" / SHOWN[language]
    chunk = read_inputs([document], chunk_size=200, overlap=0).chunks[2]
    (context,) = request_notes([chunk], resolve({"prompt": name}))
    template = load_prompt(name, language)  # type: ignore[arg-type]  # one of the two
    messages = template.format_messages(context=context, text=chunk.text)
    return "\n\n".join(f"[{message.type}]\n{message.text}" for message in messages)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PROMPTS)
def test_a_page_shows_the_prompt_as_it_is_sent(name: str, language: str) -> None:
    page = (ROOT / "docs" / PAGES[language]).read_text(encoding="utf-8")
    assert f"```text\n{as_sent(name, language)}\n```" in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_names_the_labels_styles_and_kinds_that_are_asked_for(language: str) -> None:
    page = (ROOT / "docs" / PAGES[language]).read_text(encoding="utf-8")
    for name in PROMPTS:
        file = read_prompt(name, language)
        first = file.shown_reply().split("\n")[0]
        label = first[: min(at for at in map(first.find, ":：") if at > 0) + 1]
        assert f"`{label}`" in page
        assert label in file.rules()
        assert set(file.answers) == set(STYLES.values()) == {"short", "full"}
    assert set(request_words(language).kind) == set(KINDS)
    assert all(f"`{kind}`" in page for kind in KINDS)
