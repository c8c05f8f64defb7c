"""Measures the embedded model in both languages, and what each part of the engine adds.

    python -m bench.real_model                  the example documents and two short texts, ~10 min
    python -m bench.real_model --data FOLDER    with passages of FOLDER/qa as well
    python -m bench.real_model --journal FILE   goes on where an earlier run was broken off

Every way of asking is judged alike: a pair is good where its answer has evidence in its chunk and
nothing else speaks against it, and where no pair before it asks the same. One figure does without
our own judgement: how many answers stand word for word in the document. Replies are journalled, so
ways that differ in what is made of the same replies cost the model nothing.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from langchain_core.messages import AIMessage
from langchain_core.prompts import ChatPromptTemplate

from bench.real_model_texts import SHORT, passages
from bench.report import save_result
from chains.embedding.load import load_embeddings
from chains.journal.replies import Journal, request_key
from chains.llm.backends import choose
from chains.llm.cached_call import CachedModel
from chains.llm.client import OpenBackend
from chains.records import Reply
from chains.run.inputs import Inputs, read_inputs
from chains.run.pipeline import Pipeline
from chains.settings import resolve
from pairs.compare.dedupe import Deduper
from pairs.evidence.coverage import coverage
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.source_text import SourceText
from pairs.records import PairList, QAPair
from pairs.text.language import language_of
from prompts import load_prompt

EXAMPLES = Path(__file__).parent.parent / "examples" / "documents"
_LINES = re.compile(r"(?:Q|问)[:：](.+)\n(?:A|答)[:：](.+)")
_SPACES = re.compile(r"\s+")


@dataclass
class Variant:
    """One variant of the pipeline.

    Attributes:
        name: As the table shows it.
        settings: Beside the defaults.
        patches: What is taken out: names, and what stands in their place.
        plain: Whether it is the plain chain, without the engine.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    patches: dict[str, Any] = field(default_factory=dict)
    plain: bool = False


@dataclass
class VariantResult:
    """The result of a variant: pairs with their chunk, and tokens and calls by chunk."""

    pairs: list[tuple[str, str, str]] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def count(self, chunk_id: str, tokens: int) -> None:
        """Counts one call."""
        self.tokens[chunk_id] += tokens
        self.calls[chunk_id] += 1


def main() -> None:
    """Measures, prints a table, and saves the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, help="a folder with qa/*.jsonl")
    parser.add_argument("--journal", type=Path, help="keeps the replies beyond this run")
    options = parser.parse_args()
    inputs: list[Any] = [str(path) for path in sorted(EXAMPLES.glob("*.md"))]
    inputs += [*SHORT, *(passages(options.data) if options.data else ())]
    backend = choose(resolve({"backend": "embedded"}))
    read = read_inputs(inputs, chunk_size=backend.chunk_size, overlap=0)
    figures: dict[str, Any] = {}
    print(f"{'way':34} {'lang':4} pairs good  ground. verbatim dup/100 coverage /1000 tokens calls")
    with tempfile.TemporaryDirectory() as folder:
        for way in ways():
            asked = carry_out(way, read, options.journal or Path(folder) / "journal.sqlite")
            figures[way.name] = {}
            for language in ("en", "zh"):
                row = judged(asked, read, language)
                figures[way.name][language] = row
                print(shown(way.name, language, row), flush=True)
            # Saved after each, since a slow machine may not finish.
            result = {"model": backend.model, "chunks": len(read.chunks), "ways": figures}
            save_result("real_model", result, ("xllamacpp",))


def ways() -> list[Variant]:
    """The plain chain, the engine without each of its parts, the whole, and with a second pass."""
    return [
        Variant("whole"),
        Variant("without the repair turn", patches={"chains.run.extraction._UNREADABLE": ()}),
        Variant("without the evidence check", {"evidence": "keep"}),
        Variant(
            "without the guards of dedupe",
            patches={"pairs.compare.dedupe.Deduper": partial(Deduper, guards=False)},
        ),
        Variant(
            "without the worked example",
            patches={"chains.run.chain.load_prompt": without_example},
        ),
        # The small model replies readably to the full prompt: only here is the repair turn used.
        Variant(
            "without example and repair turn",
            patches={
                "chains.run.chain.load_prompt": without_example,
                "chains.run.extraction._UNREADABLE": (),
            },
        ),
        Variant("plain chain, same prompt and chunks", plain=True),
        Variant("with a second pass", {"passes": 2}),
    ]


def carry_out(way: Variant, read: Inputs, journal: Path) -> VariantResult:
    """The result of a variant over all inputs."""
    asked = VariantResult()
    if way.plain:
        with closing(Journal(journal)) as kept:
            _plain(read, asked, kept)
        return asked
    resolved = resolve({"backend": "embedded", **way.settings})
    with ExitStack() as open_:
        for name, instead in way.patches.items():
            open_.enter_context(patch(name, instead))
        open_.enter_context(counting(asked))
        kept = open_.enter_context(closing(Journal(journal)))
        *_, last = Pipeline(resolved, journal=kept).run(read)
    result: PairList = last.result  # type: ignore[union-attr]  # a run ends with Done
    asked.pairs = [(pair.question, pair.answer, pair.chunk_id) for pair in result.kept]
    return asked


@contextmanager
def counting(asked: VariantResult) -> Iterator[None]:
    """Counts every reply a run makes use of, those from the journal as well."""
    invoke: Callable[..., AIMessage] = CachedModel.invoke

    def counted(self: CachedModel, request: Any, config: Any = None, **more: Any) -> AIMessage:
        reply = invoke(self, request, config, **more)
        used = reply.usage_metadata
        asked.count(config["metadata"]["chunk_id"], used["total_tokens"] if used else 0)
        return reply

    with patch.object(CachedModel, "invoke", counted):
        yield


def without_example(*given: Any, **named: Any) -> ChatPromptTemplate:
    """The prompt as it is, less the turn that shows a worked example."""
    whole = load_prompt(*given, **named)
    return ChatPromptTemplate([whole.messages[0], whole.messages[-1]])


def _plain(read: Inputs, asked: VariantResult, journal: Journal) -> None:
    """``prompt | model`` and a regular expression, over the same chunks."""
    resolved = resolve({"backend": "embedded"})
    plain = choose(resolved).model_copy(update={"extra_body": {}, "stream": False})
    with closing(OpenBackend(plain, resolved.settings)) as opened:
        for chunk in read.chunks:
            context = chunk.context or Path(chunk.source).stem
            prompt = load_prompt("chatglm3", language_of(chunk.text))
            messages = prompt.invoke({"context": context, "text": chunk.text}).to_messages()
            key = request_key(messages, opened.model, opened.address, opened.parameters)
            reply = journal.reply(key)
            if reply is None:
                said = opened.llm().invoke(messages)
                used = said.usage_metadata
                reply = Reply(
                    chunk_id=chunk.id,
                    text=said.text,
                    prompt_tokens=used["input_tokens"] if used else 0,
                    completion_tokens=used["output_tokens"] if used else 0,
                )
                journal.keep({key: reply})
            asked.count(chunk.id, reply.prompt_tokens + reply.completion_tokens)
            found = _LINES.findall(reply.text)
            asked.pairs += [(q.strip(), a.strip(), chunk.id) for q, a in found]


def judged(asked: VariantResult, read: Inputs, language: str) -> dict[str, float]:
    """The figures of the documents in one language."""
    inside = {
        chunk.id: (chunk, place)
        for chunk, place in zip(read.chunks, read.file_of, strict=True)
        if language_of(read.files[place].text) == language
    }
    sources = {place: SourceText(read.files[place].text) for _, place in inside.values()}
    good: list[tuple[int, QAPair]] = []
    pairs = [pair for pair in asked.pairs if pair[2] in inside]
    verbatim = grounded = 0
    for question, answer, chunk_id in pairs:
        chunk, place = inside[chunk_id]
        evidence = Passage(chunk, (), sources[place]).ground(question, answer)
        grounded += evidence.match != "none" and evidence.numbers_ok
        verbatim += _flat(answer) in _flat(read.files[place].text)
        if not reason_against(question, answer, evidence, "strict"):
            good.append((place, QAPair(question=question, answer=answer, evidence=evidence)))
    named = load_embeddings("auto")
    deduper = Deduper(named.embeddings, threshold=named.threshold)
    for place, pair in good:
        deduper.add([pair], place=place)
    repeated = {id(one.item) for one in deduper.duplicates}
    distinct = [(place, pair) for place, pair in good if id(pair) not in repeated]
    share = _covered(distinct, sources)
    tokens = sum(asked.tokens[chunk_id] for chunk_id in inside)
    return {
        "pairs": len(pairs),
        "good": len(distinct),
        "grounded": _share(grounded, len(pairs)),
        "verbatim": _share(verbatim, len(pairs)),
        "duplicates per 100": round(100 * _share(len(repeated), len(good)), 1),
        "coverage": share,
        "good per 1000 tokens": round(1000 * len(distinct) / tokens, 2) if tokens else 0.0,
        "calls": sum(asked.calls[chunk_id] for chunk_id in inside),
        "tokens": tokens,
    }


def _covered(pairs: Iterable[tuple[int, QAPair]], sources: dict[int, SourceText]) -> float:
    """The share of sentences worth asking about that some pair draws on."""
    by_place: dict[int, list[QAPair]] = {place: [] for place in sources}
    for place, pair in pairs:
        by_place[place].append(pair)
    found = [coverage(sources[place], mine, ()) for place, mine in by_place.items()]
    return _share(sum(one.covered for one in found), sum(one.sentences for one in found))


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0


def _flat(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text)).casefold().rstrip(".。")


def shown(name: str, language: str, row: dict[str, float]) -> str:
    """A line of the table."""
    return (
        f"{name:34} {language:4} {row['pairs']:5} {row['good']:4} {row['grounded']:7.3f}"
        f" {row['verbatim']:8.3f} {row['duplicates per 100']:7.1f} {row['coverage']:8.3f}"
        f" {row['good per 1000 tokens']:12.2f} {row['calls']:5}"
    )


if __name__ == "__main__":
    main()
