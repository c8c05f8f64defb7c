"""A list goes to an expert as a workbook and comes back: what was changed is taken, no more."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.runs import material, run, settings_for
from bench.simulated import Simulated
from chains.errors import JournalError
from chains.jobs.review_import import ReviewReport, import_review
from chains.jobs.review_workbook import job_workbook
from chains.journal.edits import Change, edits, history
from chains.journal.lists import load_list, revise
from chains.journal.replies import Journal
from messages import LANGUAGES, say
from messages.errors import SaidError
from pairs.edits import Edit
from pairs.files.review_cells import read_review
from pairs.files.review_rows import Identity, ReviewRow
from pairs.files.review_xlsx import review_workbook
from pairs.records import QAPair

STATE, QUESTION, ANSWER, EVIDENCE, REMARK, HIDDEN = 0, 1, 2, 3, 7, 8
Rows = list[list[Any]]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, str, str]]:
    """A journal with two finished jobs of both languages."""
    with (
        Simulated() as server,
        Journal(tmp_path_factory.mktemp("review") / "j.sqlite") as journal,
    ):
        found = [
            run([*material(count)], settings_for(server), journal.path).job for count in (6, 4)
        ]
        yield journal, found[0], found[1]


@pytest.fixture
def review(opened: tuple[Journal, str, str]) -> Iterator[Review]:
    """The first of them, without edits."""
    journal, job, other = opened
    yield Review(journal, job, other)
    with journal.writing() as db:
        db.execute("DELETE FROM edits")
        db.execute("DELETE FROM revisions")


class Review:
    """A job that is sent out and taken back."""

    def __init__(self, journal: Journal, job: str, other: str) -> None:
        self.journal, self.job, self.other = journal, job, other

    @property
    def kept(self) -> tuple[QAPair, ...]:
        return load_list(self.journal, self.job).kept

    @property
    def out(self) -> list[QAPair]:
        made = load_list(self.journal, self.job)
        return [*(one.item for one in made.duplicates), *(one.item for one in made.rejected)]

    def book(self, language: str = "en") -> bytes:
        return job_workbook(self.journal, self.job, language)

    def back(
        self, change: Callable[[Rows], object], language: str = "en", who: str = ""
    ) -> ReviewReport:
        """What the workbook becomes when its first sheet's rows are changed and saved again."""
        return self.take(changed(self.book(language), change), who)

    def take(self, book: bytes, who: str = "") -> ReviewReport:
        return import_review(self.journal, book, who=who)

    def edits(self) -> dict[str, Edit]:
        return {edit.pair: edit for edit in edits(self.journal, self.job)}


def changed(book: bytes, change: Callable[[Rows], object], sheet: int = 0) -> bytes:
    """A workbook as another program saves it: all rows anew, with shared strings."""
    opened = openpyxl.load_workbook(BytesIO(book))
    worksheet = opened.worksheets[sheet]
    rows = [[cell.value for cell in row] for row in worksheet.iter_rows()]
    change(rows)
    worksheet.delete_rows(1, worksheet.max_row)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = worksheet.cell(number, column, value)
            if isinstance(value, str) and not value.startswith("=SUM"):
                cell.data_type = "s"
    content = BytesIO()
    opened.save(content)
    return content.getvalue()


def emptied(book: bytes, sheet: int) -> bytes:
    return changed(book, lambda rows: rows.clear(), sheet)


def row_of(rows: Rows, pair: str) -> list[Any]:
    return next(row for row in rows if any(pair in str(cell) for cell in row))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_is_one_to_work_in(review: Review, language: str) -> None:
    accepted = review.kept[0].id
    revise(
        review.journal, review.job, [Change(pair=accepted, edit=Edit(pair=accepted, fate="kept"))]
    )
    book = openpyxl.load_workbook(BytesIO(review.book(language)))
    assert [sheet.title for sheet in book] == [
        say("review.sheet_kept", language),
        say("review.sheet_out", language),
    ]
    for sheet in book:
        assert sheet.freeze_panes == "A3"
        assert sheet.row_dimensions[1].hidden
        assert sheet.column_dimensions["I"].hidden
        assert sheet.auto_filter.ref.startswith("A2:I")
        (choice,) = sheet.data_validations.dataValidation
        assert (
            choice.formula1
            == f'"{say("review.accepted", language)},{say("review.rejected", language)}"'
        )
        assert [cell.value for cell in sheet[2]][:3] == [
            say(f"review.column_{name}", language) for name in ("state", "question", "answer")
        ]
    sheet = book.worksheets[0]
    assert sheet.max_row - 2 == len(review.kept)
    assert sheet["A3"].value == say("review.accepted", language)
    assert (sheet["B3"].value, sheet["B3"].number_format) == (review.kept[0].question, "@")
    assert sheet["D3"].value == review.kept[0].evidence.sentence


def test_what_is_changed_is_taken_and_the_rest_is_not(review: Review) -> None:
    first, second, third, fourth = (pair.id for pair in review.kept[:4])
    gone = review.kept[5].id

    def correct(rows: Rows) -> None:
        row_of(rows, first)[STATE] = "accepted"
        row_of(rows, second)[STATE] = " 拒绝 "  # either language will do
        row_of(rows, third)[ANSWER] = "<b>corrected</b> & 改过\n两行"
        row_of(rows, fourth)[REMARK] = "who says so?"
        rows.remove(row_of(rows, gone))

    report = review.back(correct, who="李")
    assert (report.accepted, report.rejected, report.reworded) == (1, 1, 1)
    assert (report.absent, report.notes, report.complete) == (1, (), True)
    assert report.remarks == ((fourth, "who says so?"),)
    assert review.edits() == {
        first: Edit(pair=first, fate="kept"),
        second: Edit(pair=second, fate="left out"),
        third: Edit(pair=third, answer="<b>corrected</b> & 改过\n两行", fate="kept"),
    }
    assert {one.who for one in history(review.journal, review.job)} == {"李"}
    # The same workbook once more asks for what stands.
    assert review.back(lambda rows: rows).changed == 0
    # A state that is made blank is taken back.
    report = review.back(lambda rows: row_of(rows, first).__setitem__(STATE, None))
    assert (report.taken_back, report.changed) == (1, 1)
    assert first not in review.edits()


def test_the_same_file_taken_twice_changes_nothing_more(review: Review) -> None:
    pair = review.kept[0].id
    book = changed(review.book(), lambda rows: row_of(rows, pair).__setitem__(ANSWER, "anew"))
    assert review.take(book).reworded == 1
    again = review.take(book)
    assert (again.changed, again.notes) == (0, ())


def test_what_was_rejected_comes_back_from_its_sheet(review: Review) -> None:
    pair = review.kept[0].id
    revise(review.journal, review.job, [Change(pair=pair, edit=Edit(pair=pair, fate="left out"))])
    assert pair not in {one.id for one in review.kept}
    accept = changed(
        review.book("zh"), lambda rows: row_of(rows, pair).__setitem__(STATE, "接受"), sheet=1
    )
    assert review.take(accept).accepted == 1
    assert pair in {one.id for one in review.kept}


def test_of_two_people_both_versions_are_told(review: Review) -> None:
    pair, other = (one.id for one in review.kept[:2])
    book = review.book()
    theirs = Edit(pair=pair, answer="theirs", fate="kept")
    revise(review.journal, review.job, [Change(pair=pair, edit=theirs)], "王")

    def correct(rows: Rows) -> None:
        row_of(rows, pair)[ANSWER] = "mine"
        row_of(rows, other)[STATE] = "rejected"

    report = review.take(changed(book, correct))
    (note,) = report.notes
    assert (note.kind, note.pair, report.complete) == ("conflict", pair, False)
    assert note.mine
    assert note.theirs
    assert (note.mine.answer, note.theirs.edit, note.theirs.who) == ("mine", theirs, "王")
    for language in LANGUAGES:
        assert all(word in note.say(language) for word in ("王", "theirs", "mine"))
    assert (report.rejected, review.edits()[pair]) == (1, theirs)


def _formula(rows: Rows) -> None:
    rows[2][ANSWER] = "=SUM(1,1)"


def _number(rows: Rows) -> None:
    rows[2][ANSWER] = 1234.5


def _blank(rows: Rows) -> None:
    rows[2][QUESTION] = "  "


def _state(rows: Rows) -> None:
    rows[2][STATE] = "maybe"


def _full(rows: Rows) -> None:
    rows[2][ANSWER] = "长" * 32_767


def _nameless(rows: Rows) -> None:
    rows[2][HIDDEN] = None


def _foreign(rows: Rows) -> None:
    rows.append(["accepted", "new question", "new answer", *[None] * 6])


def _twice(rows: Rows) -> None:
    rows.append(list(rows[2]))
    rows[2][ANSWER], rows[-1][ANSWER] = "one", "two"


@pytest.mark.parametrize(
    ("spoil", "kind", "code"),
    [
        (_formula, "refused", "review.formula"),
        (_number, "refused", "review.not_text"),
        (_blank, "refused", "review.blank"),
        (_state, "refused", "review.state"),
        (_full, "refused", "review.cut"),
        (_nameless, "unknown", "review.unknown"),
        (_foreign, "unknown", "review.unknown"),
        (_twice, "doubled", "review.doubled"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_with_its_place(
    review: Review, spoil: Callable[[Rows], None], kind: str, code: str
) -> None:
    report = review.back(spoil)
    (note,) = report.notes
    assert (note.kind, note.reason.code, report.changed) == (kind, code, 0)
    assert review.edits() == {}
    for language in LANGUAGES:
        assert str(note.row) in note.say(language)
        assert report.summary(language)


def test_a_rejected_pair_needs_no_words_and_one_copied_row_counts_once(review: Review) -> None:
    pair = review.kept[0].id

    def correct(rows: Rows) -> None:
        rows[2][STATE], rows[2][ANSWER] = "rejected", None
        rows.append(list(rows[3]))

    report = review.back(correct)
    assert (report.rejected, report.notes) == (1, ())
    assert review.edits()[pair] == Edit(pair=pair, fate="left out")


def test_rows_of_another_job_are_told_and_a_whole_workbook_of_it_is_refused(review: Review) -> None:
    other = job_workbook(review.journal, review.other)
    borrowed = openpyxl.load_workbook(BytesIO(other)).worksheets[0]
    stranger = [cell.value for cell in borrowed[3]]
    stranger[STATE] = "rejected"
    report = review.back(lambda rows: rows.append(stranger))
    assert [(note.kind, note.reason.fields) for note in report.notes] == [
        ("other job", {"job": review.other})
    ]
    assert (report.changed, report.job) == (0, review.job)
    with pytest.raises(SaidError) as refused:
        import_review(review.journal, other, review.job)
    assert (refused.value.code, refused.value.fields["job"]) == (
        "review.other_workbook",
        review.other,
    )
    with review.journal.writing() as db:
        db.execute("UPDATE jobs SET id = 'gone' || id WHERE 0")
    with pytest.raises(JournalError):
        import_review(review.journal, review.book(), "nobody")


def test_columns_may_move_be_renamed_and_be_joined_by_others(review: Review) -> None:
    first, second = (pair.id for pair in review.kept[:2])

    def rearrange(rows: Rows) -> None:
        row_of(rows, first)[ANSWER] = "moved"
        row_of(rows, second)[STATE] = "rejected"
        for number, row in enumerate(rows):
            row.reverse()
            row.insert(0, "mine" if number == 1 else number)
        rows[1][row_of(rows, first).index("moved")] = "What it says"

    def take_out(rows: Rows) -> None:
        for row in rows:
            del row[ANSWER], row[0]
        del rows[0]

    report = review.back(rearrange)
    assert (report.reworded, report.rejected, report.notes) == (1, 1, ())
    # Without the hidden names the heads do; a column that is gone says nothing.
    assert (review.back(take_out).notes, review.back(take_out).changed) == ((), 0)


@settings(max_examples=12)
@given(order=st.randoms(use_true_random=False), language=st.sampled_from(LANGUAGES))
def test_an_untouched_workbook_changes_nothing_in_any_order(
    opened: tuple[Journal, str, str], order: Any, language: str
) -> None:
    review = Review(*opened)
    before = review.edits()

    def shuffle(rows: Rows) -> None:
        rows[2:] = order.sample(rows[2:], len(rows) - 2)

    report = review.back(shuffle, language)
    assert (report.changed, report.notes, report.absent) == (0, (), 0)
    assert report.unchanged == len(review.kept) + len(review.out)
    assert review.edits() == before


TEXTS = st.text(min_size=1, max_size=80) | st.sampled_from(
    ["=1+1", "+86 10", "-5", "@x", "'=quoted", "_x0041_ and _x005F_", "a\r\nb\rc \n", "#N/A", "1-2",
     "<b>&amp;</b>", "\ufeff", "长" * 40_000, "question", "State", "qa3 a b 1 - x y"]
)  # fmt: skip


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), again=st.booleans())
def test_no_text_is_taken_for_a_changed_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], again: bool
) -> None:
    written = [
        ReviewRow(f"{at:012x}", at, "", question, answer)
        for at, (question, answer) in enumerate(rows)
    ]
    content = review_workbook(written, [], "job", "zh")
    path = tmp_path_factory.mktemp("rows") / "book.xlsx"
    path.write_bytes(changed(content, lambda _: None) if again else content)
    read = read_review(path, "book.xlsx")
    assert [row.identity for row in read] == [Identity.of(row, "job") for row in written]
    for row in read:
        assert row.identity
        if again and any("_x" in cell.text for cell in row.cells.values()):
            continue  # openpyxl, which stands in for other programs, keeps no such text
        assert not row.cells["question"].changed(row.identity.question)
        assert not row.cells["answer"].changed(row.identity.answer)


def _zip(parts: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return content.getvalue()


def _parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda book: book[:0], "load.empty"),
        (lambda book: book[10:], "load.zip_broken"),
        (lambda book: book[: len(book) // 2], "load.zip_broken"),
        (lambda book: _zip({"word/document.xml": book}), "review.no_workbook"),
        (
            lambda book: _zip({**_parts(book), "xl/worksheets/sheet9.xml": b" " * (70 << 20)}),
            "load.zip_bomb",
        ),
        (lambda book: emptied(emptied(book, 0), 1), "review.no_review"),
        (
            lambda book: _zip(
                {**_parts(book), "xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"}
            ),
            "load.zip_broken",
        ),
    ],
)
def test_what_is_no_workbook_of_ours_is_refused_in_a_sentence(
    review: Review, spoil: Callable[[bytes], bytes], code: str
) -> None:
    with pytest.raises(SaidError) as refused:
        review.take(spoil(review.book()))
    assert refused.value.code == code
    assert all("review.xlsx" in refused.value.say(language) for language in LANGUAGES)
