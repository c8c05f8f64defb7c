"""Assembles the page: one self-contained HTML file without network access."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from ..files.export import Before, replace_file
from ..records import PairList
from .content import as_script, list_content, text_content
from .documents import shown
from .head import report
from .places import harmless
from .records import ViewedText, ViewFacts
from .words import page_words, script_words

__all__ = ["viewer_file", "write_view"]

_FOLDER = Path(__file__).parent
SCRIPTS = ("panes.js", "text.js", "view.js", "page.js")
"""The parts of the page's script, each using those before it."""


def write_view(
    pairs: PairList,
    texts: Sequence[ViewedText],
    path: Path,
    *,
    title: str = "",
    language: str = "en",
    facts: ViewFacts | None = None,
    before: Before | None = None,
) -> Path:
    """Writes the page atomically; returns its path.

    Args:
        pairs: The list, a person's edits applied.
        texts: Of its documents; a pair whose document is not among them is shown without.
        path: Replaced if it is there; its folder must exist.
        title: Of the page; the documents' names by default.
        language: ``en`` or ``zh``, of everything that is not the documents' own.
        facts: Facts of the run, for the report.
        before: As for ``write_pairs``.

    Raises:
        ExportError: The file cannot be written.
    """
    # A document given twice has one text.
    distinct = list({text.source: text for text in texts}.values())
    documents = shown(distinct, pairs.kept)
    named = title or ", ".join(one.name for one in documents[:3]) or "qa3"
    style, script = viewer_file("page.css"), "\n".join(map(viewer_file, SCRIPTS))
    content = {
        "texts": [text_content(document) for document in documents],
        "items": list_content(pairs, distinct, language),
        "words": script_words(language),
    }
    page = Template(viewer_file("page.html")).substitute(
        {name: escape(word) for name, word in page_words(language).items()},
        lang="zh-CN" if language == "zh" else "en",
        policy=_policy(style, script),
        title=escape(harmless(named)),
        report=report(pairs, documents, language, facts or ViewFacts()),
        style=style,
        script=script,
        content=as_script(content),
    )
    replace_file(path, [page.encode("utf-8")], before)
    return path


def viewer_file(name: str) -> str:
    """A file that the page is made of: its style, or a part of its script."""
    return (_FOLDER / name).read_text(encoding="utf-8").strip()


def _policy(style: str, script: str) -> str:
    """Content security policy: only our own script and style, and no requests."""
    return (
        f"default-src 'none'; script-src {_sum(script)}; style-src {_sum(style)};"
        " base-uri 'none'; form-action 'none'"
    )


def _sum(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
