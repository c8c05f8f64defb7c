"""A file given as the journal, or as settings, that is not ours or was written to do harm."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

import pytest

from chains.errors import JournalError, SettingsError
from chains.journal.jobs import Jobs
from chains.journal.lists import load_list
from chains.journal.replies import Journal
from chains.settings import resolve

JOB = "aaaaaaaa11111111"


def hostile(path: Path, *statements: str, values: tuple[object, ...] = ()) -> Path:
    """A journal with one job, changed by statements."""
    Journal(path).close()
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO jobs (id, fingerprint, state, settings, backend, created, updated)"
            " VALUES (?, 'f', 'done', '{}', '{}', 1, 1)",
            (JOB,),
        )
        for statement in statements:
            db.execute(statement, values)
    db.close()
    return path


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (address TEXT)")
        db.execute("INSERT INTO bookmarks VALUES ('https://example.org')")
    db.close()
    with pytest.raises(JournalError) as caught:
        Journal(path)
    assert caught.value.code == "journal.foreign"
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]
        assert db.execute("PRAGMA user_version").fetchone() == (0,)
    db.close()


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"SQLite format 3\0" * 64])
def test_what_is_no_database_is_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(JournalError):
        Journal(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        "settings = '['",
        f"settings = '{'[' * 50_000}'",
        "settings = '[]'",
        "settings = x'ff00ff'",
        "settings = 5",
        "created = 'soon'",
        'counts = \'{"kept": "many"}\'',
        "failure = '{'",
        "usage = 'null'",
    ],
)
def test_a_job_that_nobody_can_read_is_named(change: str, tmp_path: Path) -> None:
    path = hostile(tmp_path / "j.sqlite", f"UPDATE jobs SET {change}")  # noqa: S608 - ours
    with Journal(path) as journal, pytest.raises(JournalError) as caught:
        Jobs(journal).all()
    assert caught.value.code == "job.other_version"
    assert JOB in caught.value.say("zh")


@pytest.mark.parametrize("packed", ["text", b"", b"\x78\x9c broken", zlib.compress(b"[" * 50_000)])
def test_a_list_that_nobody_can_read_is_named(packed: object, tmp_path: Path) -> None:
    statement = "INSERT INTO lists VALUES (?, ?)"
    path = hostile(tmp_path / "j.sqlite", statement, values=(JOB, packed))
    with Journal(path) as journal, pytest.raises(JournalError) as caught:
        load_list(journal, JOB)
    assert caught.value.code == "job.other_version"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a = " + "[" * 50_000, "settings.broken_file"),
        ("a = " + "{b = " * 50_000, "settings.broken_file"),
        ("\0", "settings.broken_line"),
        ("[backends\n", "settings.broken_line"),
    ],
)
def test_hostile_settings_are_named(text: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / "qa3.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        resolve(config=file)
    assert caught.value.code == code
