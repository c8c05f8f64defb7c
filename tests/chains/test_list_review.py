"""Reviewing a list: accepted, merged, split, written, by two people at once; nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.runs import material, run, settings_for
from bench.simulated import Simulated
from chains.errors import JournalError
from chains.jobs.desk import Desk
from chains.journal.documents import load_documents
from chains.journal.edits import Change, edits, history
from chains.journal.lists import leave_out, load_list, revise, reword, save_list
from chains.journal.replies import Journal
from loaders.records import Span
from messages import LANGUAGES, say
from pairs.edits import Edit, pair_id
from pairs.records import PairList


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "j.sqlite") as opened:
        yield opened


@pytest.fixture
def job(journal: Journal, server: Simulated) -> str:
    """A finished job of both languages."""
    return run([*material(6)], settings_for(server), journal.path).job


def test_a_merged_pair_is_a_duplicate_and_a_split_one_is_kept(journal: Journal, job: str) -> None:
    first, second, third = (pair.id for pair in load_list(journal, job).kept[:3])
    # A row of merges ends at the pair that stands.
    merges = [
        Change(pair=second, edit=Edit(pair=second, fate="duplicate", of=first)),
        Change(pair=third, edit=Edit(pair=third, fate="duplicate", of=second)),
    ]
    revise(journal, job, merges)
    now = load_list(journal, job)
    assert not {second, third} & {pair.id for pair in now.kept}
    merged = [one for one in now.duplicates if one.kind == "person"]
    assert {(one.item.id, one.duplicate_of.id) for one in merged} == {
        (second, first),
        (third, first),
    }
    leave_out(journal, job, first)  # then one of them takes its place, the other is of that one
    now = load_list(journal, job)
    heirs = {second, third} & {pair.id for pair in now.kept}
    assert len(heirs) == 1
    assert {one.duplicate_of.id for one in now.duplicates if one.kind == "person"} == heirs
    revise(journal, job, [Change(pair=one, edit=None) for one in (first, second, third)])
    assert load_list(journal, job) == load_list(journal, job, edited=False)


@pytest.mark.parametrize("chinese", [True, False])
def test_a_written_pair_stands_with_the_passage_that_was_marked(
    journal: Journal, job: str, *, chinese: bool
) -> None:
    made = load_list(journal, job)
    of = next(one for one in made.kept if one.question.isascii() != chinese)
    text = next(one.text for one in load_documents(journal, job)[0] if one.source == of.source)
    span = of.evidence.span
    assert span
    place = Span(start=span.start, end=span.end)
    words = ("这里写的是什么？", text[place.start : place.end].strip())
    new = pair_id(of.source, *words)
    edit = Edit(pair=new, question=words[0], answer=words[1], source=of.source, place=place)
    revise(journal, job, [Change(pair=new, saw=0, edit=edit)], "李")
    now = load_list(journal, job)
    written = next(one for one in now.kept if one.id == new)
    assert (written.written, written.edited, written.chunk_id) == (True, True, of.chunk_id)
    assert written.evidence.quote in text
    assert written.evidence.match != "none"
    # It stands where its passage does, and such a list can be written and read again.
    at = [pair.chunk_id for pair in now.kept]
    assert abs(now.kept.index(written) - at.index(of.chunk_id)) <= at.count(of.chunk_id)
    assert PairList.model_validate_json(now.model_dump_json()) == now
    reword(journal, job, new, answer="别的" if chinese else "else")
    assert next(one for one in load_list(journal, job).kept if one.id == new).answer in (
        "别的",
        "else",
    )
    revise(journal, job, [Change(pair=new, edit=None)])
    assert load_list(journal, job) == made


def test_what_a_person_marked_is_the_evidence_even_where_no_rule_finds_the_answer_in_it(
    journal: Journal, job: str
) -> None:
    pair = load_list(journal, job).kept[0]
    place = Span(start=0, end=5)
    change = Edit(pair=pair.id, answer="没有数字 99", place=place)
    revise(journal, job, [Change(pair=pair.id, edit=change)])
    evidence = next(one for one in load_list(journal, job).kept if one.id == pair.id).evidence
    assert (evidence.match, evidence.span, evidence.numbers_ok) == ("judged", place, False)


def test_of_two_people_the_later_is_told_and_nothing_is_lost(journal: Journal, job: str) -> None:
    pair, other = (one.id for one in load_list(journal, job).kept[:2])
    mine = Change(pair=pair, saw=0, edit=Edit(pair=pair, fate="left out"))
    yours = Change(pair=pair, saw=0, edit=Edit(pair=pair, answer="您的", fate="kept"))
    beside = Change(pair=other, saw=0, edit=Edit(pair=other, fate="kept"))
    (first,) = revise(journal, job, [mine], "王")
    assert not first.refused
    refused, stored = revise(journal, job, [yours, beside], "Smith")
    assert (refused.refused, refused.who, refused.edit) == (True, "王", mine.edit)
    assert (stored.refused, stored.who) == (False, "Smith")
    # In sight of what stands it is taken.
    (taken,) = revise(journal, job, [yours.model_copy(update={"saw": refused.version})], "Smith")
    assert not taken.refused
    assert [(one.who, one.edit) for one in history(journal, job, pair)] == [
        ("王", mine.edit),
        ("Smith", yours.edit),
    ]
    assert [one.pair for one in history(journal, job, since=first.version)] == [other, pair]


def test_every_way_to_change_a_pair_makes_a_version(journal: Journal, job: str) -> None:
    pair = load_list(journal, job).kept[0].id
    reword(journal, job, pair, answer="一")
    leave_out(journal, job, pair)
    assert [one.edit and one.edit.fate for one in history(journal, job, pair)] == [
        "kept",
        "left out",
    ]
    # A change that asks for nothing is the edit taken back.
    revise(journal, job, [Change(pair=pair, edit=Edit(pair=pair))])
    assert edits(journal, job) == []


def test_what_cannot_be_stored_is_said_and_nothing_of_it_is(journal: Journal, job: str) -> None:
    pair, other = (one.id for one in load_list(journal, job).kept[:2])
    good = Change(pair=other, edit=Edit(pair=other, fate="kept"))
    bad = [
        ("edit.unknown", Edit(pair="0" * 12, fate="kept")),
        ("edit.unknown", Edit(pair=pair, fate="duplicate", of=pair)),
        ("edit.unknown", Edit(pair=pair, fate="duplicate", of="0" * 12)),
        ("edit.blank", Edit(pair=pair, answer=" ")),
        ("edit.blank", Edit(pair="1" * 12, question="问", source="a.txt")),
    ]
    for code, edit in bad:
        with pytest.raises(JournalError) as caught:
            revise(journal, job, [good, Change(pair=edit.pair, edit=edit)])
        assert caught.value.code == code
    assert edits(journal, job) == []
    with journal.writing() as db:
        db.execute("DELETE FROM jobs")
    with pytest.raises(JournalError) as caught:
        revise(journal, job, [good], known={other})
    assert caught.value.code == "job.unknown"


def test_a_written_pair_goes_over_to_a_job_on_the_changed_document(
    journal: Journal, server: Simulated, tmp_path: Path
) -> None:
    file = tmp_path / "桥.txt"
    told = "赵州桥由李春建造，全长64.4米。\n\n它位于河北。\n" * 3
    file.write_text(told, encoding="utf-8")
    first = run([file], settings_for(server), journal.path)
    place = Span(start=told.index("全长"), end=told.index("米") + 1)
    edit = Edit(pair="a" * 12, question="多长？", answer="64.4米", source=str(file), place=place)
    revise(journal, first.job, [Change(pair=edit.pair, edit=edit)])
    file.write_text("新的一段。\n\n" + told, encoding="utf-8")
    again = run([file], settings_for(server), journal.path)
    assert again.job != first.job
    (taken,) = (one for one in load_list(journal, again.job).kept if one.written)
    assert (taken.answer, taken.evidence.quote) == ("64.4米", "64.4米")
    save_list(journal, again.job, again.result)  # the list keeps its law with such a pair


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_tells_of_documents_pages_kinds_and_what_the_model_took(
    journal: Journal, job: str, language: str
) -> None:
    desk = Desk(journal, job, language)
    told = desk.report()
    for code in ("view.coverage", "desk.spending", "desk.by_kind", "desk.n_unseen"):
        assert say(code, language) in told
    first = next(item for item in desk.since(0)["items"] if item["state"] == "kept")
    known = desk.since(0)["version"]
    done = desk.revise([Change(pair=first["pair"], saw=0, edit=Edit(pair="", fate="left out"))])
    after = desk.since(known)
    (changed,) = (item for item in after["items"] if item["key"] == first["key"])
    assert (changed["review"], changed["version"]) == ("rejected", after["version"])
    assert done == {"refused": [], "versions": {first["pair"]: after["version"]}}
    # Whoever asks later gets the same from there on, and nothing twice.
    assert changed in desk.since(0)["items"]
    assert desk.since(after["version"])["items"] == []
    # Also of a pair that is there no more.
    place = desk.span(0, *first["span"])
    wrote = Edit(pair="", question="谁？", answer="他。", source=desk.texts[0].source, place=place)
    desk.revise([Change(pair="0123456789ab", saw=0, edit=wrote)])
    written = desk.since(after["version"])
    assert "0123456789ab" in [item["key"] for item in written["items"]]
    version = written["version"]
    desk.revise([Change(pair="0123456789ab", saw=version, edit=None)])
    assert desk.since(version)["gone"] == ["0123456789ab"]
