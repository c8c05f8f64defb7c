"""The page's labels in the reader's language."""

from __future__ import annotations

from messages import say

from .statistics import KINDS

__all__ = ["page_words", "script_words", "viewer_words"]

_PAGE = {
    "report_word": "view.report",
    "pairs_word": "view.pairs",
    "text_word": "view.text",
    "theme_word": "view.theme",
    "search_word": "view.search",
    "document_word": "view.document",
    "keys_word": "view.keys",
    "script_word": "view.script",
}
_SCRIPT = {
    "all": "view.all",
    "allDocuments": "view.all_documents",
    "nothing": "view.nothing",
    "sameAs": "view.same_as",
    "differs": "view.differs",
    "raw": "view.raw",
    "noText": "view.no_text",
    "edited": "view.edited",
    "numbers": "view.numbers_wrong",
    "conflict": "view.conflict",
    "doubtful": "view.doubtful",
    "oneDoubtful": "view.one_doubtful",
    "confirmed": "view.confirmed",
    "refused": "view.refused",
    "again": "view.again",
}
_STATES = {
    "kept": ("view.kept", "view.one_kept"),
    "duplicate": ("view.duplicate", "view.one_duplicate"),
    "rejected": ("view.rejected", "view.one_rejected"),
    "failed": ("view.failed", "view.one_failed"),
    "not asked": ("view.not_asked", "view.one_not_asked"),
}
MATCHES = {
    "exact": "view.match_exact",
    "normalised": "view.match_normalised",
    "fuzzy": "view.match_fuzzy",
    "supported": "view.match_supported",
    "computed": "view.match_computed",
    "judged": "view.match_judged",
    "none": "view.match_none",
}
_VERDICTS = {"open": "view.verdict_open", "refuted": "view.verdict_refuted"}


def page_words(language: str) -> dict[str, str]:
    """Labels of the HTML template, by placeholder."""
    return {name: say(code, language) for name, code in _PAGE.items()}


def script_words(language: str) -> dict[str, object]:
    """Labels that the script inserts; numbers in them are placeholders in braces."""
    return {
        **{name: say(code, language) for name, code in _SCRIPT.items()},
        "shown": say("view.shown", language, shown="{shown}", total="{total}"),
        "page": say("view.page", language, page="{page}"),
        "filters": {state: say(codes[0], language) for state, codes in _STATES.items()},
        "states": {state: say(codes[1], language) for state, codes in _STATES.items()},
        "verdicts": {verdict: say(code, language) for verdict, code in _VERDICTS.items()},
        "matches": {match: say(code, language) for match, code in MATCHES.items()},
    }


def viewer_words(language: str) -> tuple[dict[str, str], dict[str, object], dict[str, str]]:
    """What a page grown from the viewer needs: its labels, its script's words, kinds of questions.

    Args:
        language: ``en`` or ``zh``.
    """
    kinds = {kind: say(code, language) for kind, code in KINDS.items()}
    return page_words(language), script_words(language), kinds
