"""The page's report: outcomes of chunks and pairs, coverage, and the run's cost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from html import escape

from messages import say

from ..records import PairList
from .documents import Shown
from .places import harmless
from .plots import bar, strip
from .records import ViewFacts
from .words import MATCHES

__all__ = ["report"]

_CHUNKS = {
    "pairs": "view.chunk_pairs",
    "nothing": "view.chunk_nothing",
    "repeated": "view.chunk_repeated",
    "failed": "view.chunk_failed",
    "not asked": "view.chunk_not_asked",
}
_COLUMNS = 120
_MOST_STRIPS = 200


def report(pairs: PairList, documents: Sequence[Shown], language: str, facts: ViewFacts) -> str:
    """The report as HTML, every text in it escaped.

    Args:
        pairs: The list.
        documents: Its documents.
        language: ``en`` or ``zh``.
        facts: What is told of the run.
    """
    chunks = [
        (state.replace(" ", "-"), say(_CHUNKS[state], language), count)
        for state, count in pairs.states().items()
    ]
    states = [
        ("kept", say("view.kept", language), len(pairs.kept)),
        ("duplicate", say("view.duplicate", language), len(pairs.duplicates)),
        ("rejected", say("view.rejected", language), len(pairs.rejected)),
    ]
    found = Counter(pair.evidence.match for pair in pairs.kept)
    matches = [
        (f"match-{match}", say(code, language), found[match])  # type: ignore[index]  # its keys
        for match, code in MATCHES.items()
    ]
    sections = [
        _counted(say("view.pairs", language), states),
        _counted(say("view.chunks", language), chunks) if pairs.chunks else "",
        _counted(say("view.matches", language), matches),
        _coverage(documents, language),
        _refused(pairs, language),
        _run(pairs, language, facts),
    ]
    return "\n".join(filter(None, sections))


def _counted(title: str, parts: Sequence[tuple[str, str, int]]) -> str:
    """A stacked bar with its legend; parts of 0 are omitted."""
    rows = "".join(
        f'<li><i class="{colour}"></i>{escape(name)} <b>{count:,}</b></li>'
        for colour, name, count in parts
        if count
    )
    total = sum(count for _, _, count in parts)
    return (
        f"<section><h2>{escape(title)} <b>{total:,}</b></h2>{bar(parts, title)}"
        f'<ul class="legend">{rows}</ul></section>'
    )


def _coverage(documents: Sequence[Shown], language: str) -> str:
    if not documents:
        return ""
    title = say("view.coverage", language)
    sentences = sum(one.covered.sentences for one in documents)
    taken = sum(one.covered.covered for one in documents)
    strips = "".join(
        f"<li><span>{escape(harmless(one.name))}</span>"
        f"{strip(_along(one), f'{title}: {harmless(one.name)}')}"
        f"<b>{_percent(one.covered.covered, one.covered.sentences)} %</b></li>"
        for one in documents[:_MOST_STRIPS]
    )
    told = say(
        "view.coverage_of",
        language,
        covered=f"{taken:,}",
        sentences=f"{sentences:,}",
    )
    legend = "".join(
        f'<li><i class="{colour}"></i>{escape(said)}</li>'
        for colour, said in (
            ("covered", say("view.covered", language)),
            ("uncovered", say("view.uncovered", language)),
        )
    )
    return (
        f"<section><h2>{escape(title)} <b>{_percent(taken, sentences)} %</b></h2>"
        f'<ul class="strips">{strips}</ul><p class="told">{escape(told)}</p>'
        f'<ul class="legend">{legend}</ul></section>'
    )


def _refused(pairs: PairList, language: str) -> str:
    """The documents that could not be read; empty where all were."""
    if not pairs.refused:
        return ""
    told = [reason.say(language) for reason in pairs.refused[:_MOST_STRIPS]]
    rows = "".join(f"<li>{escape(harmless(line))}</li>" for line in told)
    title = escape(say("view.unread", language))
    return (
        f'<section><h2>{title} <b>{len(pairs.refused):,}</b></h2><ul class="facts">{rows}</ul>'
        "</section>"
    )


def _percent(part: int, whole: int) -> int:
    """A share in whole percent, 0 or 100 only where it is exactly that."""
    if not whole:
        return 100
    return min(99, max(1, round(100 * part / whole))) if 0 < part < whole else 100 * part // whole


def _along(document: Shown) -> list[float | None]:
    """Covered share of each segment of a text, 0..1; None where it has no sentence to cover."""
    size = max(1, len(document.text))
    columns = min(_COLUMNS, max(1, document.covered.sentences // 2))
    missed, taken = [0] * columns, [0] * columns
    for span in document.covered.uncovered:
        missed[span.start * columns // size] += 1
    for start in document.sentences:
        taken[start * columns // size] += 1
    return [
        covered / (covered + out) if covered + out else None
        for covered, out in zip(taken, missed, strict=True)
    ]


def _run(pairs: PairList, language: str, facts: ViewFacts) -> str:
    """The run's model, tokens, time and cost, as far as known."""
    usage = facts.usage or pairs.usage
    lines = []
    if facts.backend or facts.model:
        answered = {"backend": facts.backend or "-", "model": facts.model or "-"}
        lines.append(say("view.answered", language, **answered))
    if usage.calls:
        counts = {name: f"{count:,}" for name, count in usage.model_dump().items()}
        lines.append(say("view.tokens", language, **counts))
    if facts.seconds is not None:
        lines.append(say("view.time", language, time=_clock(facts.seconds)))
    if facts.cost is not None:
        lines.append(say("view.cost", language, cost=f"{facts.cost:,.4f}"))
    if facts.judge:
        lines.append(facts.judge)
    doubtful = sum(pair.doubtful for pair in pairs.kept)
    if doubtful:
        lines.append(say("show.doubtful", language, count=f"{doubtful:,}"))
    if pairs.embeddings:
        lines.append(say("view.judged", language, embeddings=pairs.embeddings))
    if facts.job:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(facts.created))
        lines.append(say("view.job", language, job=facts.job, when=when))
    rows = "".join(f"<li>{escape(harmless(line))}</li>" for line in lines)
    title = escape(say("view.run", language))
    return f'<section><h2>{title}</h2><ul class="facts">{rows}</ul></section>' if rows else ""


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
