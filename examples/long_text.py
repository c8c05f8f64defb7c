"""A long text from your own program, with a progress callback, written as an Alpaca training set.

python examples/long_text.py examples/documents/hzmb.md pairs.json
"""

import sys
from pathlib import Path

from qa3 import ChunkDone, Event, Text, extract_pairs, write_pairs


def show(event: Event) -> None:
    """Prints one line for each chunk that has ended."""
    if isinstance(event, ChunkDone):
        print(f"{event.done}/{event.total} {event.outcome.state}, {len(event.pairs)} new pairs")


source, target = Path(sys.argv[1]), Path(sys.argv[2])
text = Text(text=source.read_text(encoding="utf-8"), name=source.name)
pairs = extract_pairs(text, on_event=show)
write_pairs(pairs.kept, target)
print(len(pairs.kept), "pairs in", target)
