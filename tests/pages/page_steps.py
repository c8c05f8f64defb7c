"""What a person does on the page, step by step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page

    Files = Sequence[Path] | Sequence[FilePayload]

JOB = "[data-qa3=job]"


def attach(page: Page, files: Files) -> None:
    """Picks files in the browser's own dialog, and waits until they are there."""
    page.wait_for_selector("#stop-button", state="detached")  # while a message is worked on
    page.wait_for_selector("#upload-button:not([disabled])")
    page.click("#chat-input")  # once this is done, the input is where it will stay
    with page.expect_file_chooser() as chooser:
        page.click("#upload-button")
    chooser.value.set_files(files)
    page.wait_for_selector("#chat-submit:not([disabled])")


def drop(page: Page, *files: Path) -> Locator:
    """Sends files; the job they became."""
    attach(page, files)
    before = page.locator(JOB).count()
    page.click("#chat-submit")
    page.locator(JOB).nth(before).wait_for()
    return page.locator(JOB).nth(before)


def named(name: str, text: str, kind: str = "text/plain") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": text.encode()}


def send(page: Page, text: str) -> None:
    page.wait_for_selector("#stop-button", state="detached")  # while a message is worked on
    page.fill("#chat-input", text)
    page.press("#chat-input", "Enter")


def command(page: Page, name: str) -> None:
    """Picks a command as it is typed, and sends it."""
    page.fill("#chat-input", f"/{name}")
    page.locator(".command-item").first.wait_for()
    page.press("#chat-input", "Enter")
    page.press("#chat-input", "Enter")


def answered(page: Page, words: str | re.Pattern[str]) -> None:
    """Waits for a message of the page's own."""
    page.locator(".ai-message, .message-content").get_by_text(words).first.wait_for()


def finished(job: Locator, *states: str) -> dict[str, int]:
    """Waits until a job is over; its counts, which add up."""
    wanted = ", ".join(f'{JOB}[data-state="{state}"]' for state in states or ("done",))
    job.page.locator(wanted).and_(job).wait_for(timeout=60_000)
    return counts(job)


def counts(job: Locator) -> dict[str, int]:
    """The two lines of the account, checked: the sums are the sums."""
    job.locator("[data-qa3=account]").wait_for()
    lines = job.locator("[data-qa3=account] p").all_inner_texts()
    pairs, chunks = ([int(one) for one in re.findall(r"\d+", line)] for line in lines)
    assert pairs[0] == sum(pairs[1:])
    assert chunks[0] == sum(chunks[1:])
    names = ("parsed", "kept", "duplicates", "rejected")
    states = ("chunks", "pairs", "nothing", "repeated", "failed", "not_asked")
    return {**dict(zip(names, pairs, strict=True)), **dict(zip(states, chunks, strict=True))}


def choose(page: Page, **fields: Any) -> None:
    """Changes settings in the panel: a text field by its id, the backend by its name."""
    page.click("#chat-settings-open-modal")
    backend = fields.pop("backend", None)
    if backend:
        page.click("#chat-settings [role=combobox] >> nth=0")
        # By keyboard: a click while the list is still opening leaves it open over the panel.
        page.get_by_role("option", name=backend, exact=True).press("Enter")
        page.wait_for_selector("[role=listbox]", state="detached")
    for name, value in fields.items():
        page.fill(f"#{name}", str(value))
    page.click("#confirm")
    page.wait_for_selector("#chat-settings", state="detached")
