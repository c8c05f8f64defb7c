"""Prints the source lines of chunks, to be read by eye; their result holds no text of documents.

    python -m bench.source_lines [--chunks 40] [--size 1200] [--wrong 3,17] FOLDER ...

The chunks are taken evenly: of each document the same number, spread over its length. With
``--wrong``, the numbers of lines that a reader found wrong, the table is saved.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.report import save_result
from chains.run.source import source_of
from loaders import LoadError, load, split
from loaders.records import Chunk
from pairs.text.language import language_of


def main() -> None:
    """Prints the table, and saves it where it has been read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--chunks", type=int, default=40)
    parser.add_argument("--size", type=int, default=1200)
    parser.add_argument("--wrong", help="numbers of wrong lines, separated by commas")
    given = parser.parse_args()
    rows = []
    for number, chunk in enumerate(_taken(given.folders, given.chunks, given.size), 1):
        line = source_of(chunk).line(language_of(chunk.text))
        rows.append({"document": Path(chunk.source).name, "chunk": chunk.index, "source": line})
        print(f"{number:3} {rows[-1]['document']} #{chunk.index}\n    {line}")
        print(f"    | {' '.join(chunk.text[:70].split())}\n    < {chunk.before[-60:]}")
    if given.wrong is not None:
        wrong = [int(one) for one in given.wrong.split(",") if one]
        read = {"read": len(rows), "right": len(rows) - len(wrong), "wrong": wrong}
        save_result("source_lines", {**read, "lines": rows})


def _taken(folders: list[Path], most: int, size: int) -> Iterator[Chunk]:
    """The chunks to show, round by round: one of each document, then another of each."""
    documents: dict[str, list[Chunk]] = {}
    for file in sorted(one for folder in folders for one in folder.rglob("*") if one.is_file()):
        if file.suffix == ".jsonl" or file.name in documents:  # lists of the sets, no documents
            continue
        try:
            chunks = [c for c in split(load(file), chunk_size=size) if not c.boilerplate]
        except LoadError:
            continue
        if len(chunks) > 1:  # of a document that is one chunk, the text says all
            documents[file.name] = chunks
    each = -(-most // max(1, len(documents)))
    rounds = (
        (chunks[len(chunks) * (2 * at + 1) // (2 * each)])
        for at in range(each)
        for chunks in documents.values()
    )
    return islice(rounds, most)


if __name__ == "__main__":
    main()
