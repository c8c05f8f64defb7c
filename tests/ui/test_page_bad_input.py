"""What can go wrong is said in one message, and the chat lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page_site import ENGLISH
from page_steps import JOB, attach, choose, finished, named, send

from messages import at_door, say

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


def locked_pdf(path: Path) -> Path:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text="The Forth Bridge was opened in 1890.")
    pdf.output(str(path))
    return path


def test_unreadable_files_and_nothing_at_all(page: Page, tmp_path: Path) -> None:
    for files, words in (
        ([named("empty.txt", "")], "empty.txt is empty (0 bytes)"),
        ([locked_pdf(tmp_path / "locked.pdf")], "locked.pdf is locked with a password"),
        ([named("noise.bin", "\x00\x01\x02" * 400, "application/octet-stream")], "noise.bin"),
    ):
        attach(page, files)
        page.click("#chat-submit")
        page.locator(".message-content").get_by_text(words).last.wait_for()
    assert page.locator(JOB).count() == 0
    attach(page, [named("empty.txt", ""), named("bridge.txt", ENGLISH)])  # the others go on
    page.click("#chat-submit")
    assert finished(page.locator(JOB))["kept"] > 1


def test_a_backend_that_is_down_or_refuses_the_key(page: Page) -> None:
    for backend, code in (("nobody", "backend.unreachable"), ("locked", "backend.no_key")):
        words = say(at_door(code, "page"), "en", **dict.fromkeys(FIELDS, "\0"))
        begins = words.partition("\0")[0]
        choose(page, backend=backend)
        attach(page, [named("bridge.txt", ENGLISH)])
        page.click("#chat-submit")
        page.locator("[data-qa3=failure]").get_by_text(begins).last.wait_for()
    choose(page, backend="quick")
    send(page, "Hello, are you there?")
    page.get_by_text("This is turn").wait_for()


FIELDS = ("backend", "address", "variable", "reason", "model", "seconds")


def test_a_prompt_that_yields_nothing_says_so(page: Page) -> None:
    choose(page, backend="mute")
    attach(page, [named("bridge.txt", ENGLISH)])
    page.click("#chat-submit")
    found = finished(page.locator(JOB))
    assert found["parsed"] == 0
    assert found["nothing"] == found["chunks"]
    page.get_by_text("No pair came of it").last.wait_for()
