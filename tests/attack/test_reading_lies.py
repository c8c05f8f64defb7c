"""A reading process that a hostile file took over: whatever it says, that file alone is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from loaders import LoadError, load, page_image
from loaders.worker import bounds, pool

ROOT = Path(__file__).resolve().parent.parent.parent

NOTHING: dict[str, Any] = {"number": None, "headings": None, "warnings": [], "notes": {}}
PAGE = {"text": "text 文", **NOTHING}
START = {"process": 1, "done": True}
# Reads one request for each list in its orders and answers with what stands in it.
LIAR = """
import json, os, sys, time
out = sys.stdout.buffer
def read():
    size = int.from_bytes(sys.stdin.buffer.read(4), "big")
    if not size:
        os._exit(0)
    return json.loads(sys.stdin.buffer.read(size))
def say(data):
    out.write(len(data).to_bytes(4, "big") + data)
    out.flush()
job = 0
for answers in [None, *json.load(open(__file__ + ".json"))]:
    if answers is None:
        answers = START
    else:
        job = read()["job"]
    for answer in answers:
        if isinstance(answer, str):
            out.write(bytes.fromhex(answer))
            out.flush()
        else:
            say(json.dumps({"job": job, **answer}).encode())
while True:
    read()
"""


@pytest.fixture
def lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Has files be read by a process that answers as it is told."""
    made: list[pool.Pool] = []

    def lie(*answers: list[Any], start: tuple[Any, ...] = (START,)) -> pool.Pool:
        module = tmp_path / "liar.py"
        module.write_text(LIAR.replace("START", repr(list(start))), "utf-8")
        (tmp_path / "liar.py.json").write_text(json.dumps(answers), "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        made.append(pool.Pool("liar"))
        for place in ("reading", "pdf", "failures"):
            monkeypatch.setattr(f"loaders.worker.{place}.POOL", made[-1])
        return made[-1]

    yield lie
    for one in made:
        one.close()


def hexed(data: bytes, size: int | None = None) -> str:
    """A frame as it goes over the pipe."""
    return ((len(data) if size is None else size).to_bytes(4, "big") + data).hex()


DONE = {"done": True}
OVER = [{"end": True}, DONE]
UNSAYABLE = {"code": "load.left_out.x", "fields": {}}
LIES: dict[str, list[Any]] = {
    "a frame that is no JSON": [hexed(b"\x80\x04\x95cos\nsystem\n")],
    "JSON that is no object": [hexed(b"[1, 2]")],
    "a nest without end": [hexed(b"[" * 100_000)],
    "a number without end": [hexed(b'{"job": ' + b"9" * 5000 + b"}")],
    "four gigabytes": [hexed(b"", 0xFFFFFFFF)],
    "a page that is none": [{"page": {"text": 5}}, *OVER],
    "a page without an end": [{"page": {**PAGE, "headings": [[1, "x"]]}}, *OVER],
    "a warning that nobody can say": [{"page": {**PAGE, "warnings": [UNSAYABLE]}}, *OVER],
    "a note that is none": [{"page": {**PAGE, "notes": "x"}}, *OVER],
    "an error that there is not": [{"error": "x", "fields": {}, "format": True}, *OVER],
    "an error without fields": [{"error": "load.blank", "fields": {}, "format": True}, *OVER],
    "a step that there is not": [{"step": "resting"}, {"page": PAGE}, *OVER],
    "a kind that is none": [{"kind": []}, *OVER],
    "a word of no kind": [{"run": "os.system"}, *OVER],
}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "a.html"
    path.write_text("<html><p>text 文", "utf-8")
    return path


@pytest.mark.parametrize("answers", LIES.values(), ids=LIES)
def test_a_process_that_lies_costs_its_file_one_sentence(
    answers: list[Any], page: Path, lying: Any
) -> None:
    lying(answers)
    with pytest.raises(LoadError) as caught:
        list(load(page))
    assert caught.value.code == "load.reader_lost"
    assert str(page) in caught.value.say("zh")


@pytest.mark.parametrize("count", ["5", -1, 10**12, None])
def test_a_pdf_of_lies_costs_itself(count: object, tmp_path: Path, lying: Any) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n")
    lying([{"opened": count}, DONE], [{"laid": 1, "note": []}, {"page": {"number": "1"}}, DONE])
    with pytest.raises(LoadError) as caught:
        list(load(path))
    assert caught.value.code == "load.reader_lost"


@pytest.mark.parametrize(
    "lie",
    [{"image": "<script>"}, {"width": "9" * 99}, {"height": None}, {"boxes": [[1, 2, "3", 4]]}],
    ids=["no base64", "a text", "nothing", "half a box"],
)
def test_a_page_that_is_drawn_of_lies_is_not_shown(
    lie: dict[str, Any], tmp_path: Path, lying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n")
    drawn = {"image": "YWE=", "width": 1, "height": 1, "boxes": [[1, 2, 3, 4]]}
    digest = sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr("loaders.worker.reading.DRAWING", lying([drawn, *OVER]))
    assert page_image(path, 1, 100, ["a"], digest).boxes == ((1, 2, 3, 4),)
    monkeypatch.setattr("loaders.worker.reading.DRAWING", lying([{**drawn, **lie}, *OVER]))
    with pytest.raises(LoadError) as caught:
        page_image(path, 1, 100, ["a"], digest)
    assert caught.value.code == "load.reader_lost"


@pytest.mark.parametrize("answers", [[], [hexed(b"{", 9)]], ids=["silence", "half a frame"])
def test_a_process_that_hangs_is_ended(
    answers: list[Any], page: Path, lying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in ("starting", "reading"):
        monkeypatch.setitem(bounds.BOUNDS, step, bounds.Bounds(5.0, 1.0, 1 << 30))
    monkeypatch.setattr("loaders.worker.reading.more_time", lambda _: 0.0)
    lying(answers)
    with pytest.raises(LoadError) as caught:
        list(load(page))
    assert caught.value.code == "load.too_long"


@pytest.mark.parametrize("suffix", ["html", "pdf"])
def test_a_process_that_claims_to_have_done_is_not_waited_for(
    suffix: str, tmp_path: Path, lying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.worker.reading._WAIT", 0.1)
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"%PDF-1.4\n" if suffix == "pdf" else b"<html><p>text")
    lying([{"job": 0, "done": True}])
    with pytest.raises(LoadError) as caught:
        list(load(path))
    assert caught.value.code == "load.reader_lost"


def test_a_process_answers_no_more_than_it_is_asked(lying: Any) -> None:
    one = lying(start=(START, DONE, DONE)).lend()
    one._process.wait(5)
    assert not one.busy


def test_a_process_says_once_which_it_is(page: Path, lying: Any) -> None:
    made = lying(
        [{"job": 0, "process": 1}, {"page": PAGE}, *OVER], start=({"process": 77, "done": True},)
    )
    (read,) = load(page)
    assert read.page_content == "text 文"
    assert [one.number for one in made._children] == [77]


def folders(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def test_what_a_process_lays_down_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it ends: in the middle of a mail with attachments, by a hand from outside."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    mail = EmailMessage()
    mail.set_content("text")
    for number in range(60):
        mail.add_attachment(b"<p>%d" % number, "text", "html", filename=f"../../{number}.html")
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    for ending in ("end", "kill"):
        made = pool.Pool()
        monkeypatch.setattr("loaders.worker.reading.POOL", made)
        monkeypatch.setattr("loaders.worker.failures.POOL", made)
        pages = load(path)
        next(pages)
        (folder,) = (tmp_path / "t").iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert [one.name[:9] for one in folder.iterdir()] == ["qa3-mail-"]
        (one,) = made._children
        if ending == "kill":
            one._process.kill()
            one._process.wait()
        one.end()
        assert not folders(tmp_path / "t")
        made.close()
    assert folders(tmp_path) == ["a.eml", "t"]


def test_a_killed_parent_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        env={**os.environ, "TMPDIR": str(tmp_path / "t")},
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert len(folders(tmp_path / "t")) == 1
        parent.kill()
    until = time.monotonic() + 5
    while folders(tmp_path / "t") and time.monotonic() < until:
        time.sleep(0.02)
    assert not folders(tmp_path / "t")


_PARENT = """
import time
from loaders.worker.pool import POOL
child = POOL.lend()
while child.number is None:
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(60)
"""
