"""What keeps a person out of a page, as axe finds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# What fades in or out has too little contrast for a moment.
_SETTLED = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect && isFinite(one.effect.getComputedTiming().endTime))
  .map((one) => one.finished))"""


def serious_faults(page: Page) -> list[str]:
    """The serious and critical faults of what is open, by rule."""
    page.evaluate(_AXE)
    return _serious(page) and _serious(page)  # a note may begin to fade out while axe looks


def _serious(page: Page) -> list[str]:
    page.evaluate(_SETTLED)
    found: list[dict[str, Any]] = page.evaluate("() => axe.run().then((one) => one.violations)")
    return [
        f"{one['id']}: {one['nodes'][0]['target']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
