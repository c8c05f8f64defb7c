"""Texts that the custom elements show, in the chat's language."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Protocol

from messages import at_door, say

_NAMES_SETTING = ("settings.value", "page.no_number")
_FLAG = re.compile(r"(?<!\S)--([a-z]+(?:-[a-z]+)*)")


class _Told(Protocol):
    """An error, or a reason that the journal keeps of one."""

    @property
    def code(self) -> str: ...
    @property
    def fields(self) -> Any: ...


_CODES = (
    "page.w_address",
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
    "page.w_csv_note",
    "page.w_delete",
    "page.w_delete_really",
    "page.w_document",
    "page.w_done",
    "page.w_download",
    "page.w_duplicates",
    "page.w_edit",
    "page.w_edited",
    "page.w_elapsed",
    "page.w_empty",
    "page.w_eta",
    "page.w_failed",
    "page.w_failed_now",
    "page.w_find",
    "page.w_go_on",
    "page.w_halted",
    "page.w_job",
    "page.w_jobs",
    "page.w_kept",
    "page.w_leave_out",
    "page.w_list",
    "page.w_lost",
    "page.w_name",
    "page.w_next",
    "page.w_no_evidence",
    "page.w_no_jobs",
    "page.w_not_asked",
    "page.w_numbers",
    "page.w_open",
    "page.w_opens",
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
    "page.w_reading",
    "page.w_reading_file",
    "page.w_reading_page",
    "page.w_reading_pages",
    "page.w_reason",
    "page.w_rejected",
    "page.w_rename",
    "page.w_restore",
    "page.w_retry",
    "page.w_review",
    "page.w_rows",
    "page.w_running",
    "page.w_save",
    "page.w_silent",
    "page.w_sources",
    "page.w_stop",
    "page.w_stopped",
    "page.w_stopping",
    "page.w_tokens",
    "page.w_unasked",
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
    "chunks_not_asked", "file", "place", "files", "question",
)  # fmt: skip


class _Unfilled(str):
    """A placeholder that stays in the text with the words it chooses from."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return "{" + str(self) + (f":{spec}" if spec else "") + "}"


def words(language: str) -> dict[str, str]:
    """All texts by their code without the prefix; the browser fills in the placeholders."""
    unfilled = {name: _Unfilled(name) for name in _FIELDS}
    return {
        code.removeprefix("page.w_").removeprefix("view."): say(code, language, **unfilled)
        for code in _CODES
    }


def told(error: _Told, language: str) -> str:
    """What the page says of an error or a reason: its sentence, free of command lines.

    Args:
        error: Has a code and fields.
        language: ``en`` or ``zh``.
    """
    fields = dict(error.fields)
    if error.code in _NAMES_SETTING:  # by the name that its box has
        with suppress(KeyError):
            fields["name"] = say(f"setting.{fields['name']}.label", language)
    sentence = say(at_door(error.code, "page"), language, **fields)
    # A flag of the command line is a key of the settings file, which is what there is here.
    return _FLAG.sub(
        lambda flag: say("page.in_file", language, name=flag[1].replace("-", "_")), sentence
    )
