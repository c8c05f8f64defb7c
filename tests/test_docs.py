"""What the pages of docs say about settings, held against the settings themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from chains.llm.backends import Backend, all_backends, choose
from chains.settings import Settings, resolve, setting_info

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
FILES = [
    pytest.param(block, id=f"{page.relative_to(ROOT).as_posix()}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("block", FILES)
def test_a_settings_file_that_is_shown_can_be_used(block: str, tmp_path: Path) -> None:
    file = tmp_path / "qa3.toml"
    file.write_text(block, encoding="utf-8")
    resolved = resolve(config=file)
    named = {backend.name for backend in all_backends(resolved)}
    assert choose(resolved).name in named
    assert resolved.settings.judge in {None, *named}


def tables(page: Path) -> list[dict[str, str]]:
    """The tables of a page: the second cell of each row, by its first."""
    found: list[dict[str, str]] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("|---"):
            found.append({})
        elif line.startswith("| `"):
            name, second, *_ = (cell.strip() for cell in line.strip("|").split("|"))
            found[-1][name.strip("`")] = second
    return found


def shown(default: Any) -> str:
    """A default value as the pages write it; a dash for what something else decides."""
    if default in (None, (), {}):
        return "-"
    text = f"{default:g}" if isinstance(default, float) else str(default)
    return f"`{text.lower()}`"


@pytest.mark.parametrize("page", ["settings.md", "settings.zh.md"])
def test_the_page_of_settings_names_every_key_with_its_default(page: str) -> None:
    of_settings, of_backends, _ = tables(ROOT / "docs" / page)
    expected = {name: shown(setting_info(name).default) for name in Settings.model_fields}
    assert of_settings == expected
    fields = {name: field for name, field in Backend.model_fields.items() if name != "name"}
    assert of_backends == {
        name: "-" if field.is_required() else shown(field.get_default(call_default_factory=True))
        for name, field in fields.items()
    }
