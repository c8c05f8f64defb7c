"""A simulated model that takes next to no processor time: asyncio, no web framework.

    python -m bench.whole_server --latency 0.2 --pairs 8

It prints its address, serves until standard input closes, then prints its processor seconds.

A request is answered with one pair for every sentence or table row of its text, a list for the
judge as a good judge would.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from typing import Any

from bench.simulated import MATERIAL, judge_reply, pairs_reply

_ROW = re.compile(r"^\| *([^|\n-]+?) *\| *(\d+)年 *\| *([\d.]+) *\| *(\d+) *\|$", re.MULTILINE)
_COLUMNS = ("是哪一年建成的？", "占地多少公顷？", "造价多少万元？")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def main() -> None:
    """Serves until standard input closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--pairs", type=int, default=8, help="in each reply, at most")
    options = parser.parse_args()
    asyncio.run(serve(options.latency, options.pairs))
    print(round(time.process_time(), 3), flush=True)


async def serve(latency: float, pairs: int) -> None:
    """Answers until standard input closes.

    Args:
        latency: Seconds before each answer.
        pairs: In each reply, at most.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                await _answer(writer, body, latency, pairs)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 22)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _answer(writer: asyncio.StreamWriter, body: bytes, latency: float, pairs: int) -> None:
    answer: dict[str, Any] = {"object": "list", "data": [{"id": "simulated"}]}
    if body:
        messages = json.loads(body)["messages"]
        text = judge_reply(messages) or "\n".join(_lines(messages)[: 2 * pairs])
        await asyncio.sleep(latency)
        answer = _completion(text, sum(len(message["content"]) for message in messages))
    raw = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}"
    writer.write(head.encode() + b"\r\n\r\n" + raw)
    await writer.drain()


def _lines(messages: list[dict[str, str]]) -> list[str]:
    """Questions and answers by turns: of the rows of a table, or else of sentences."""
    found = MATERIAL.search(messages[-1]["content"])
    rows = _ROW.findall(found[1]) if found else []
    cells = [(name + asked, cell) for name, *cells in rows for asked, cell in _asked(cells)]
    if not cells:
        return pairs_reply(messages).splitlines()
    return [line for asked, cell in cells for line in (f"问：{asked}", f"答：{cell}")]


def _asked(cells: list[str]) -> list[tuple[str, str]]:
    return list(zip(_COLUMNS, cells, strict=True))


def _completion(text: str, prompt: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": prompt, "completion_tokens": len(text)}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "simulated",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {**usage, "total_tokens": sum(usage.values())},
    }


if __name__ == "__main__":
    main()
