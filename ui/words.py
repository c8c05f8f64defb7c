"""Texts that the custom elements show, in the chat's language."""

from __future__ import annotations

from messages import say

_CODES = (
    "page.w_answer",
    "page.w_aside",
    "page.w_ask_same",
    "page.w_back",
    "page.w_beside",
    "page.w_broken_off",
    "page.w_cancel",
    "page.w_chunks",
    "page.w_chunks_line",
    "page.w_conflict",
    "page.w_counts_line",
    "page.w_document",
    "page.w_done",
    "page.w_download",
    "page.w_duplicates",
    "page.w_edit",
    "page.w_edited",
    "page.w_empty",
    "page.w_eta",
    "page.w_failed",
    "page.w_failed_now",
    "page.w_find",
    "page.w_go_on",
    "page.w_job",
    "page.w_jobs",
    "page.w_kept",
    "page.w_leave_out",
    "page.w_lost",
    "page.w_next",
    "page.w_no_evidence",
    "page.w_not_asked",
    "page.w_numbers",
    "page.w_open",
    "page.w_page",
    "page.w_page_of",
    "page.w_pairs",
    "page.w_partial",
    "page.w_passage",
    "page.w_preparing",
    "page.w_previous",
    "page.w_put_back",
    "page.w_question",
    "page.w_raw",
    "page.w_reason",
    "page.w_rejected",
    "page.w_restore",
    "page.w_retry",
    "page.w_rows",
    "page.w_running",
    "page.w_save",
    "page.w_sources",
    "page.w_stop",
    "page.w_stopped",
    "page.w_stopping",
    "page.w_tokens",
    "page.w_undo",
    "page.w_waiting",
    "page.w_checking",
    "page.w_proven_only",
    "view.again",
    "view.confirmed",
    "view.one_doubtful",
    "view.refused",
    "view.unread",
    "view.verdict_open",
    "view.verdict_refuted",
)


_FIELDS = (
    "count", "done", "total", "page", "first", "last", "time", "parsed", "kept", "duplicates",
    "rejected", "chunks", "chunks_pairs", "chunks_nothing", "chunks_repeated", "chunks_failed",
    "chunks_not_asked",
)  # fmt: skip


def words(language: str) -> dict[str, str]:
    """All texts by their code without the prefix; the browser fills in the placeholders."""
    unfilled = {name: "{" + name + "}" for name in _FIELDS}
    return {
        code.removeprefix("page.w_").removeprefix("view."): say(code, language, **unfilled)
        for code in _CODES
    }
