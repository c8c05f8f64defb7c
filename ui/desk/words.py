"""The desk's words in the reader's language: labels of the page, and what its script says."""

from __future__ import annotations

from typing import Any

from messages import say
from pairs import viewer_words

from ..downloads import downloads

_PAGE = {
    "title": "desk.title",
    "chat_word": "desk.chat",
    "statistics_word": "desk.statistics",
    "export_word": "desk.export",
    "import_word": "desk.import",
    "help_word": "desk.help",
    "progress_word": "desk.progress",
    "filters_word": "desk.filters",
    "order_word": "desk.order",
    "by_doubt_word": "desk.by_doubt",
    "by_document_word": "desk.by_document",
    "review_word": "desk.review",
    "reason_word": "desk.reason",
    "kind_word": "desk.kind",
    "heading_word": "desk.heading",
    "page_word": "desk.page",
    "flag_word": "desk.flag",
    "bulk_word": "desk.bulk",
    "accept_all_word": "desk.accept_all",
    "reject_all_word": "desk.reject_all",
    "restore_all_word": "desk.restore_all",
    "undo_word": "desk.undo",
    "page_image_word": "desk.page_image",
    "marked_word": "desk.marked",
    "as_evidence_word": "desk.as_evidence",
    "write_word": "desk.write",
    "ask_more_word": "desk.ask_more",
}
_SCRIPT = {
    "lost": "desk.lost",
    "close": "desk.close",
    "helpTitle": "desk.help_title",
    "onlyAccepted": "desk.only_accepted",
    "onlyProven": "desk.only_proven",
    "onlyPairs": "desk.only_pairs",
    "format": "desk.format",
    "system": "desk.system",
    "validation": "desk.validation",
    "preview": "desk.preview",
    "noPreview": "desk.no_preview",
    "exportTitle": "desk.export_title",
    "download": "desk.download",
    "importTitle": "desk.import_title",
    "importTold": "desk.import_told",
    "file": "desk.file",
    "take": "desk.take",
    "reviews.accepted": "desk.accepted",
    "reviews.rejected": "desk.rejected",
    "reviews.unseen": "desk.unseen",
    "reviews.duplicate": "desk.merged",
    "takenBack": "desk.taken_back",
    "somebody": "desk.somebody",
    "changedBy": "desk.changed_by",
    "theirs": "desk.theirs",
    "yours": "desk.yours",
    "conflictTitle": "desk.conflict_title",
    "useMine": "desk.use_mine",
    "keepTheirs": "desk.keep_theirs",
    "nothingToUndo": "desk.nothing_to_undo",
    "nothingToDo": "desk.nothing_to_do",
    "bulkSure.accept": "desk.sure_accept",
    "bulkSure.reject": "desk.sure_reject",
    "bulkSure.restore": "desk.sure_restore",
    "yes": "desk.yes",
    "mergeWith": "desk.merge_with",
    "any": "desk.any",
    "flags.conflict": "desk.f_conflict",
    "flags.edited": "desk.f_edited",
    "flags.written": "desk.f_written",
    "flags.evidence": "desk.f_evidence",
    "flags.numbers": "desk.f_numbers",
    "flags.changed": "desk.f_changed",
    "reviewed": "desk.reviewed",
    "by": "desk.by",
    "at": "desk.at",
    "marks.accepted": "desk.mark_accepted",
    "marks.rejected": "desk.mark_rejected",
    "noEvidence": "desk.no_evidence",
    "acts.accept": "desk.act_accept",
    "acts.reject": "desk.act_reject",
    "acts.edit": "desk.act_edit",
    "acts.merge": "desk.act_merge",
    "acts.split": "desk.act_split",
    "acts.wording": "desk.act_wording",
    "question": "desk.question",
    "answer": "desk.answer",
    "save": "desk.save",
    "cancel": "desk.cancel",
    "blank": "desk.blank",
    "sides.this": "desk.side_this",
    "sides.other": "desk.side_other",
    "keepThis": "desk.keep_this",
    "preferThis": "desk.prefer_this",
    "keepOther": "desk.keep_other",
    "preferOther": "desk.prefer_other",
    "keepBoth": "desk.keep_both",
    "goToOther": "desk.go_to_other",
    "nextOther": "desk.next_other",
    "loading": "desk.loading",
    "pageOf": "desk.page_of",
    "markFirst": "desk.mark_first",
    "otherDocument": "desk.other_document",
    "writeTitle": "desk.write_title",
    "askModel": "desk.ask_model",
    "moreTitle": "desk.more_title",
    "wordingTitle": "desk.wording_title",
    "historyTitle": "desk.history_title",
    "noHistory": "desk.no_history",
    "othersChanged": "desk.others_changed",
    "allSeen": "desk.all_seen",
}
"""Where a word stands in what the script is given, and its code."""
_KEYS = (
    ("j k ↓ ↑", "desk.k_step"),
    ("n", "desk.k_next"),
    ("a", "desk.k_accept"),
    ("r", "desk.k_reject"),
    ("e", "desk.k_edit"),
    ("u", "desk.k_undo"),
    ("m", "desk.k_merge"),
    ("1 2 3", "desk.k_settle"),
    ("0", "desk.k_other"),
    ("w", "desk.k_wording"),
    ("v", "desk.k_evidence"),
    ("c", "desk.k_write"),
    ("p", "desk.k_page"),
    ("i", "desk.k_history"),
    ("/", "desk.k_search"),
    ("s", "desk.k_statistics"),
    ("x", "desk.k_export"),
    ("?", "desk.k_help"),
    ("Esc", "desk.k_escape"),
)
_FIELDS = ("at", "count", "done", "file", "left", "of", "page", "time", "total", "when", "who")


def desk_words(language: str) -> dict[str, dict[str, Any]]:
    """The labels of the page by their placeholders, and the words of its script.

    Args:
        language: ``en`` or ``zh``.
    """
    of_page, of_view, kinds = viewer_words(language)
    script: dict[str, Any] = {**of_view, "kinds": kinds, "formats": downloads(language)}
    unfilled = {name: f"{{{name}}}" for name in _FIELDS}
    for place, code in _SCRIPT.items():
        group, _, name = place.rpartition(".")
        into = script.setdefault(group, {}) if group else script
        into[name] = say(code, language, **unfilled)
    script["help"] = [[key, say(code, language)] for key, code in _KEYS]
    labels = {name: say(code, language) for name, code in _PAGE.items()}
    return {"page": {**of_page, **labels}, "script": script}
