"""A visitor of the page, for the soak test: drops a document and waits until it is done."""

from __future__ import annotations

import shutil
from pathlib import Path

JOB = "[data-qa3=job]"
_PATIENCE = 240_000  # milliseconds
_OVER = ("done", "partial", "stopped", "failed")


def drop_on_page(address: str, document: Path) -> tuple[str, str]:
    """The id of the job that a dropped document became, and the state in which it ended.

    Args:
        address: Of the page's server.
        document: A file.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(_PATIENCE)
        page.goto(address)
        page.wait_for_selector("#upload-button:not([disabled])")
        page.click("#chat-input")
        with page.expect_file_chooser() as chooser:
            page.click("#upload-button")
        chooser.value.set_files(document)
        page.wait_for_selector("#chat-submit:not([disabled])")
        page.click("#chat-submit")
        job = page.locator(", ".join(f'{JOB}[data-state="{state}"]' for state in _OVER))
        job.wait_for()
        named, state = job.get_attribute("aria-label"), job.get_attribute("data-state")
        browser.close()
    return str(named).split()[-1], str(state)
