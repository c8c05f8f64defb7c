"""Files are read in processes of their own: what goes too far is ended, and the run goes on."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import docx
import pytest

from loaders import LoadError, load
from loaders.formats import Format, LoadOptions, recognise
from loaders.pages import Page
from loaders.pdf.reading import read_pdf
from loaders.worker import bounds, child, pool
from loaders.worker.reading import read_apart
from loaders.worker.usage import usage

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[pool.Pool]:
    """A pool of this test's own."""
    made = pool.Pool()
    for place in ("reading", "pdf", "failures"):
        monkeypatch.setattr(f"loaders.worker.{place}.POOL", made)
    yield made
    made.close()


def pdf(objects: list[bytes]) -> bytes:
    body = b"".join(b"%d 0 obj%s\nendobj\n" % (n, one) for n, one in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (more, len(content), content)


def book(path: Path, pages: int, swollen: int = 0) -> Path:
    """A PDF of pages that each say their number; one of them draws itself 4 million times."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>"
        % (pages, b" ".join(b"%d 0 R" % (26 + 2 * n) for n in range(pages))),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]"
    for number in range(4, 25):
        inner = b"/Resources<</XObject<</A %d 0 R>>>>" % (number + 1)
        objects.append(stream(b"/A Do /A Do", form + inner))
    objects.append(stream(b"0 0 1 1 re f", form))
    assert len(objects) == 25
    for number in range(1, pages + 1):
        words = b"BT /F 12 Tf 72 400 Td (Page %d tells of %d.) Tj ET" % (number, number * 7919)
        words += b" BT /F 9 Tf 72 780 Td (The book of pages, page %d) Tj ET" % number
        draws = b" /A Do" if number == swollen else b""
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources"
            b"<</Font<</F 3 0 R>>/XObject<</A 4 0 R>>>>>>" % (25 + 2 * number)
        )
        objects.append(stream(words + draws))
    path.write_bytes(pdf(objects))
    return path


def test_a_page_that_swells_costs_its_file_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: pool.Pool
) -> None:
    # A third of the real bound, since the page takes 8 s to pass that.
    bounded = bounds.BOUNDS["reading"]._replace(memory=300 << 20)
    monkeypatch.setitem(bounds.BOUNDS, "reading", bounded)
    swollen = book(tmp_path / "a.pdf", 12, swollen=9)
    began = time.monotonic()
    with pytest.raises(LoadError) as caught:
        list(load(swollen))
    assert time.monotonic() - began < 20
    assert caught.value.code == "load.too_much_memory"
    assert caught.value.fields["page"] == 9
    assert str(swollen) in caught.value.say("zh")
    assert fresh.peak < 400 << 20
    pages = load(book(tmp_path / "b.pdf", 12))
    assert "Page 9 tells of 71271." in [page.page_content for page in pages][8]


def test_a_page_that_never_ends_is_given_up_and_those_before_it_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bounds.BOUNDS, "reading", bounds.Bounds(1.0, 60.0, 2 << 30))
    endless = book(tmp_path / "a.pdf", 12, swollen=9)
    pages = load(endless)
    assert len(list(islice(pages, 4))) == 4
    with pytest.raises(LoadError) as caught:
        list(pages)
    assert caught.value.code == "load.too_long"
    assert caught.value.fields["page"] == 9


def _here(path: Path) -> list[Page]:
    return list(read_pdf(path, path.name))


def _apart(path: Path) -> Iterator[Page]:
    return read_apart(path, path.name, recognise(path, path.name), LoadOptions())


@pytest.mark.parametrize("cores", [1, 3])
def test_pages_read_by_several_are_those_of_one(
    cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: pool.Pool
) -> None:
    for place in ("pool", "pdf"):
        monkeypatch.setattr(f"loaders.worker.{place}.cores", lambda: cores)
    path = book(tmp_path / "a.pdf", 150)
    assert list(_apart(path)) == _here(path)
    assert fresh.started == cores
    assert list(_apart(path)) == _here(path)
    assert fresh.started == cores


def test_a_process_ended_from_outside_loses_no_page(tmp_path: Path, fresh: pool.Pool) -> None:
    path = book(tmp_path / "a.pdf", 150)
    read = []
    for page in _apart(path):
        read.append(page)
        if len(read) in (3, 70):
            for one in list(fresh._lent):
                one._process.kill()
    assert read == _here(path)


def test_an_office_file_is_read_on_after_its_process_was_ended(
    tmp_path: Path, fresh: pool.Pool
) -> None:
    path = tmp_path / "a.docx"
    document = docx.Document()
    for number in range(50):
        document.add_paragraph(f"第{number}段 of the text")
    document.save(str(path))
    form = recognise(path, "a")
    pages = read_apart(path, "a", form, LoadOptions())
    fresh._children[0]._process.kill()
    assert list(pages) == list(form.read(path, "a", LoadOptions()))


def test_a_file_whose_process_always_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: pool.Pool
) -> None:
    def doomed(self: child.Child, what: str, **_fields: object) -> None:
        asked(self, what, **_fields)
        if what in ("lay", "read"):
            self._process.kill()

    asked = child.Child.ask
    monkeypatch.setattr(child.Child, "ask", doomed)
    with pytest.raises(LoadError) as caught:
        list(load(book(tmp_path / "a.pdf", 3)))
    assert caught.value.code in ("load.reader_lost", "load.reader_start")
    assert fresh.started <= 4


def test_small_files_share_one_process(tmp_path: Path, fresh: pool.Pool) -> None:
    for number in range(200):
        (tmp_path / f"{number}.html").write_text(f"<html><p>第 {number} 页 page", "utf-8")
        (tmp_path / f"{number}.txt").write_text("plain text 文", "utf-8")
    assert next(load(tmp_path / "7.txt")).page_content == "plain text 文"
    assert fresh.started == 0
    for number in range(200):
        (page,) = load(tmp_path / f"{number}.html")
        assert f"第 {number} 页 page" in page.page_content
    assert fresh.started == 1


def test_an_archive_of_very_many_names_takes_no_memory_here(tmp_path: Path) -> None:
    count = 200_000
    name = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, *[0] * 7, 6, *[0] * 6)
    names = b"".join(name + b"%06x" % number for number in range(count))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(names), 30, 0)
    path = tmp_path / "a.docx"
    path.write_bytes(b"PK\3\4" + b"\0" * 26 + names + end)
    before = usage(os.getpid()).memory or 0
    with pytest.raises(LoadError) as caught:
        load(path)
    assert caught.value.code == "load.zip_bomb"
    assert (usage(os.getpid()).memory or 0) - before < 30 << 20


def test_files_are_read_side_by_side(tmp_path: Path) -> None:
    paths = [book(tmp_path / f"{n}.pdf", 4 + n) for n in range(5)]
    with ThreadPoolExecutor(5) as threads:
        counts = list(threads.map(lambda path: sum(1 for _ in load(path)), paths * 3))
    assert counts == [4, 5, 6, 7, 8] * 3
    together = [load(path) for path in paths]  # all open in one thread
    assert [len(list(islice(pages, 2))) for pages in together] == [2] * 5


def test_a_file_that_is_left_in_the_middle_holds_up_no_other(
    tmp_path: Path, fresh: pool.Pool
) -> None:
    long, short = book(tmp_path / "a.pdf", 300), book(tmp_path / "b.pdf", 3)
    pages = load(long)
    assert "Page 1 tells" in next(pages).page_content
    del pages
    assert len(list(load(short))) == 3
    assert fresh.started <= pool.cores() + 1


def test_a_fault_of_a_reader_is_told_with_its_file(tmp_path: Path) -> None:
    path = book(tmp_path / "a.pdf", 1)
    with pytest.raises(LoadError) as caught:
        list(read_apart(path, "a.pdf", Format("nothing", (), "", recognise), LoadOptions()))  # type: ignore[arg-type]
    assert caught.value.code == "load.reader_fault"
    assert caught.value.fields == {"file": "a.pdf", "page": 1, "kind": "KeyError"}


def test_it_is_given_no_keys(monkeypatch: pytest.MonkeyPatch, fresh: pool.Pool) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-4711")
    process = fresh.lend()._process.pid
    time.sleep(0.2)
    given = Path(f"/proc/{process}/environ").read_bytes()
    assert b"PYTHONPATH=" in given
    assert b"4711" not in given


_PARENT = """
import sys
from loaders import load
from loaders.worker.pool import POOL
pages = load(sys.argv[1])
next(pages)
print(*(child._process.pid for child in POOL._children), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, None])
def test_processes_end_with_their_parent(ending: signal.Signals | None, tmp_path: Path) -> None:
    path = book(tmp_path / "a.pdf", 80)
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(path)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as parent:
        assert parent.stdout is not None
        children = list(map(int, parent.stdout.readline().split()))
        assert children
        assert all(_runs(number) for number in children)
        if ending is not None:
            parent.send_signal(ending)
        parent.communicate()
    until = time.monotonic() + 5
    while any(map(_runs, children)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(_runs, children))


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()[0]
    return state != b"Z"  # a zombie waits for whoever took it over
