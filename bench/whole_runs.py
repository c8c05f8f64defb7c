"""What ``bench.whole`` runs, each in a process of its own, under this checkout or another.

    python bench/whole_runs.py pairs  FILE ADDRESS WIDTH CHECK    extract_pairs
    python bench/whole_runs.py chain  FILE ADDRESS WIDTH -        prompt | llm | PairParser, batch
    python bench/whole_runs.py first  FILE ADDRESS WIDTH -        the same, until its first pair
    python bench/whole_runs.py stages FILE ADDRESS WIDTH -        each stage alone, in one thread

The last line of the output is a JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE = 330  # estimated tokens of a chunk
SETTINGS: dict[str, Any] = {
    "backend": "chatglm3",
    "model": "simulated",
    "chunk_size": SIZE,
    "overlap": 0,
    "embeddings": "packaged",
}


def main() -> None:
    """Runs one of them."""
    sys.path.pop(0)  # the folder of this file; the checkout under test is on the path
    what, file, address, width, check = sys.argv[1:]
    runs: dict[str, Callable[[], dict[str, Any]]] = {
        "pairs": lambda: pairs(file, address, int(width), check),
        "chain": lambda: chain(file, address, int(width)),
        "first": lambda: first(file, address, int(width)),
        "stages": lambda: stages(file, address, int(width)),
    }
    print(json.dumps(runs[what]()))


def pairs(file: str, address: str, width: int, check: str) -> dict[str, Any]:
    """Figures of ``extract_pairs``; seconds count from its call."""
    from chains import extract_pairs

    called = time.monotonic()
    firsts: list[float] = []

    def look(event: Any) -> None:
        if not firsts and getattr(event, "pairs", False):
            firsts.append(time.monotonic() - called)

    settings = {**SETTINGS, "base_url": address, "concurrency": width, "check": check}
    found = extract_pairs(file, on_event=look, **settings)
    seconds = time.monotonic() - called
    return {"pairs": len(found.kept) + len(found.duplicates), "first": firsts[0], "call": seconds}


def chain(file: str, address: str, width: int) -> dict[str, Any]:
    """Figures of the bare chain with ``batch``."""
    composed, inputs = _chain(file, address)
    replies = composed.batch(inputs, {"max_concurrency": width})
    return {"pairs": sum(map(len, replies)), "chunks": len(inputs)}


def first(file: str, address: str, width: int) -> dict[str, Any]:
    """Prints a line when the first of its replies is there."""
    composed, inputs = _chain(file, address)
    for _ in composed.batch_as_completed(inputs[:width], {"max_concurrency": width}):
        print("first", flush=True)
        break
    return {}


def _chain(file: str, address: str) -> tuple[Any, list[dict[str, str]]]:
    from langchain_core.documents import Document
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    from chains import PairParser
    from loaders import split
    from prompts import load_prompt

    llm = ChatOpenAI(model="simulated", base_url=address, api_key=SecretStr("none"), temperature=0)
    text = Path(file).read_text(encoding="utf-8")
    chunks = split([Document(page_content=text)], chunk_size=SIZE, overlap=0)
    inputs = [{"text": chunk.text, "context": "-"} for chunk in chunks]
    return load_prompt("chatglm3", "zh") | llm | PairParser(), inputs


def stages(file: str, address: str, width: int) -> dict[str, Any]:
    """Processor milliseconds a pair of what is done with a reply, each stage on its own."""
    import numpy as np

    from chains.embedding.packaged import PackagedEmbeddings
    from pairs.compare.dedupe import Deduper
    from pairs.edits import pair_id
    from pairs.evidence.grounding import Passage, SourceText
    from pairs.evidence.quality import reason_against
    from pairs.records import QAPair

    composed, inputs = _chain(file, address)
    replies = composed.batch(inputs, {"max_concurrency": width})
    from langchain_core.documents import Document

    from loaders import split

    text = Path(file).read_text(encoding="utf-8")
    chunks = list(split([Document(page_content=text)], chunk_size=SIZE, overlap=0))
    spent: dict[str, float] = {}
    clock = time.process_time

    began = clock()
    source = SourceText(text)
    found: list[list[QAPair]] = []
    for chunk, drafts in zip(chunks, replies, strict=True):
        passage = Passage(chunk, (), source)
        found.append([])
        for draft in drafts:
            evidence = passage.ground(draft.question, draft.answer)
            if reason_against(draft.question, draft.answer, evidence, "strict"):
                continue
            found[-1].append(
                QAPair(
                    id=pair_id(chunk.id, draft.question, draft.answer),
                    question=draft.question,
                    answer=draft.answer,
                    evidence=evidence,
                    source=chunk.source,
                    chunk_id=chunk.id,
                )
            )
    spent["evidence"] = clock() - began
    count = sum(map(len, found))

    began = clock()
    model = PackagedEmbeddings()
    spent["load embedding"] = clock() - began
    began = clock()
    rows = [model.encode([pair.question for pair in some]) for some in found]
    spent["embedding"] = clock() - began

    began = clock()
    deduper = Deduper(threshold=0.88)
    for place, (some, vectors) in enumerate(zip(found, rows, strict=True)):
        if some:
            deduper.add(some, np.asarray(vectors), place=place)
    spent["duplicates as they come"] = clock() - began
    began = clock()
    kept = len(deduper.kept)
    spent["duplicates at the end"] = clock() - began
    return {
        "pairs": count,
        "kept": kept,
        "ms a pair": {name: round(1000 * one / count, 3) for name, one in spent.items()},
    }


if __name__ == "__main__":
    main()
