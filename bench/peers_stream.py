"""Runs qa3's Python interface on a folder and prints each pair at once, to time the first.

python -m bench.peers_stream FOLDER ADDRESS WIDTH
"""

from __future__ import annotations

import sys

from chains import build_pipeline
from chains.events import ChunkDone
from chains.settings import Settings


def main() -> None:
    """Prints a pair a line."""
    folder, address, width = sys.argv[1:]
    settings = Settings(
        backend="chatglm3",
        base_url=address,
        model="simulated",
        concurrency=int(width),
    )
    for event in build_pipeline(settings).stream(folder):
        for pair in event.pairs if isinstance(event, ChunkDone) else ():
            print(f"{pair.question} {pair.answer}", flush=True)


if __name__ == "__main__":
    main()
