"""A real page: a server process, simulated models behind it, a real browser in front."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from bridges import judging, overlooks, pairs_of, pairs_with_slips, refuses_two
from page_site import Site, chat_reply, noting, open_page, serving, settings_of

from bench.simulated import Faults, Simulated

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for the tests that do not stop it, with models of every temper."""
    home = tmp_path_factory.mktemp("page")
    heard: list[str] = []
    with ExitStack() as running:
        start = running.enter_context
        models = {
            "quick": start(Simulated(reply=chat_reply)),
            "slow": start(Simulated(latency=0.5, reply=chat_reply)),
            "faulty": start(
                Simulated(faults=Faults(refused_word="Quebec", too_many=0.2, dropped=0.2))
            ),
            "mute": start(Simulated(reply=lambda _: "没有可以提问的内容。")),
            "sleepy": start(Simulated(latency=6.0, reply=chat_reply)),
            "strict": start(Simulated(reply=pairs_of, judge=judging(refuses_two))),
            "lenient": start(Simulated(reply=pairs_with_slips, judge=judging(overlooks))),
            "heard": start(Simulated(reply=noting(heard))),
            "dying": start(Simulated(latency=0.3, reply=chat_reply)),
            "dear": start(Simulated(reply=chat_reply)),
        }
        url, child = start(serving(home, settings_of(models)))
        yield Site(url, home, child, models, heard)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """The page in English."""
    with open_page(browser, site.url) as one:
        yield one
