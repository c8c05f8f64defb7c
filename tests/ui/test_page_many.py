"""Ten users at once, each with a document running, while embedding threads are busy."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
from page_site import Site
from page_wire import User, run, the_job

USERS = 10
SECONDS = 1.0
TEXT = "".join(
    f"第{at}号桥于{1900 + at}年建成，全长{100 + at}米，由第{at}工程局负责。" for at in range(60)
)


def the_help(event: str, data: Any) -> bool | None:
    if event == "new_message" and "/jobs" in str(data.get("output")):
        return True
    return None


async def ten_users(site: Site) -> tuple[list[float], list[int]]:
    """Seconds each answer took while all ten jobs ran, and what every list kept."""
    users = [User(site.url) for _ in range(USERS)]
    waits: list[float] = []
    async with httpx.AsyncClient(timeout=60) as client:
        for user in users:
            await user.__aenter__()
        try:
            for at, user in enumerate(users):
                await user.say(f"{TEXT}这是第{at}份。", command="pairs")
            jobs = [await user.until(the_job) for user in users]
            for user, job in zip(users, jobs, strict=True):
                waits.append(await timed(ask_for_help(user)))
                waits.append(await timed(user.act(client, "qa3_look", job=job)))
            kept = [await finish(user, client, job) for user, job in zip(users, jobs, strict=True)]
        finally:
            for user in users:
                await user.__aexit__()
    return waits, kept


async def timed(work: Any) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def ask_for_help(user: User) -> None:
    await user.say("/help")
    await user.until(the_help)


async def finish(user: User, client: httpx.AsyncClient, job: str) -> int:
    while True:
        shown = await user.act(client, "qa3_look", job=job, view="kept", size=20)
        if not shown["running"]:
            assert shown["counts"]["parsed"] == sum(
                shown["counts"][one] for one in ("kept", "duplicates", "rejected")
            )
            return int(shown["counts"]["kept"])
        await asyncio.sleep(0.2)


def test_every_message_is_answered_within_a_second(site: Site) -> None:
    waits, kept = run(ten_users(site))
    assert len(waits) == 2 * USERS
    assert max(waits) < SECONDS
    assert min(kept) > 0
    assert len(set(kept)) == 1  # ten users, ten equal documents but for a sentence: no mix-up
