"""A page as an image: its passages are marked where they stand, and what cannot be is said."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from loaders import LoadError, PageImage, load, page_image
from messages import LANGUAGES

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
WIDTH = 595  # pixels: one a point
ENGLISH = ["The old harbour was dredged in 1911,", "and a light-", "house stands at its mouth."]
CHINESE = ["仓库每月盘点一次，", "由库管员和会计共同签字。"]


def _pdf(folder: Path, **more: object) -> Path:
    canvas = Canvas(str(folder / "page.pdf"), pagesize=A4, **more)
    for font, lines, x, y in (("Helvetica", ENGLISH, 60, 700), ("STSong-Light", CHINESE, 60, 300)):
        canvas.setFont(font, 12)
        for number, line in enumerate(lines):
            canvas.drawString(x, y - 20 * number, line)
    canvas.showPage()
    canvas.drawString(60, 700, "Only the second page says this.")
    canvas.save()
    return folder / "page.pdf"


def _image(path: Path, passages: list[str], page: int | None = 1, width: int = WIDTH) -> PageImage:
    return page_image(path, page, width, passages, sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("passage", "lines", "first"),
    [
        ("The old harbour was dredged in 1911", 1, 700),
        ("dredged in 1911, and a lighthouse stands at its mouth.", 3, 700),
        ("| a lighthouse | stands |", 2, 680),
        ("仓库每月盘点一次，由库管员和会计共同签字。", 2, 300),
        ("由库管员和会計共同签字", 1, 280),  # nearly what is written there
    ],
)
def test_each_line_of_a_passage_has_its_box(
    tmp_path: Path, passage: str, lines: int, first: int
) -> None:
    drawn = _image(_pdf(tmp_path), [passage])
    assert (drawn.width, drawn.height) == (WIDTH, 842)
    assert Image.open(BytesIO(drawn.png)).size == (drawn.width, drawn.height)
    assert len(drawn.boxes) == lines
    for number, box in enumerate(drawn.boxes):
        assert box.top < 842 - (first - 20 * number) <= box.top + box.height
        assert box.left >= 59
        assert 8 < box.height < 24
        assert box.width > box.height


def test_the_box_is_where_the_ink_is_on_a_turned_page(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "turned.pdf"), pagesize=A4)
    canvas.setPageRotation(90)
    canvas.translate(WIDTH, 0)
    canvas.rotate(90)
    canvas.drawString(60, 300, ENGLISH[0])
    canvas.save()
    drawn = _image(tmp_path / "turned.pdf", [ENGLISH[0]], width=1000)
    (box,) = drawn.boxes
    assert box.width > 4 * box.height
    picture = Image.open(BytesIO(drawn.png)).convert("L")
    marked = picture.crop((box.left, box.top, box.left + box.width, box.top + box.height))
    assert any(marked.histogram()[:100])


def test_what_does_not_stand_there_is_not_marked(tmp_path: Path) -> None:
    path = _pdf(tmp_path)
    assert _image(path, ["Only the second page says this.", "", "？！", "船"]).boxes == ()
    assert len(_image(path, ["Only the second page says this."], page=2).boxes) == 1


def test_an_image_has_bounds(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "strip.pdf"), pagesize=(20, 14_000))
    canvas.drawString(1, 10, "x")
    canvas.save()
    drawn = _image(tmp_path / "strip.pdf", [], width=100_000)
    assert drawn.width * drawn.height <= 12_100_000
    Image.new("RGB", (300, 200), "white").save(tmp_path / "small.png")
    assert _image(tmp_path / "small.png", [], page=None, width=2000)[1:] == (300, 200, ())


def test_a_picture_is_upright_and_a_tiff_has_pages(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (300, 200), "red").save(tmp_path / "photo.jpg", exif=exif)
    assert _image(tmp_path / "photo.jpg", [], page=None)[1:3] == (200, 300)
    frames = [Image.new("L", (100, 100), shade) for shade in (0, 250)]
    frames[0].save(tmp_path / "scan.tiff", save_all=True, append_images=frames[1:])
    second = Image.open(BytesIO(_image(tmp_path / "scan.tiff", [], page=2).png))
    assert second.convert("L").getextrema() == (250, 250)
    with pytest.raises(LoadError, match="page 3"):
        _image(tmp_path / "scan.tiff", [], page=3)


def _kept(path: Path) -> None:
    assert path.exists()


def _gone(path: Path) -> None:
    path.unlink()


def _broken(path: Path) -> None:
    path.write_bytes(b"%PDF-1.4 and nothing")


def _locked(path: Path) -> None:
    _pdf(path.parent, encrypt=StandardEncryption("secret"))


def _text(path: Path) -> None:
    path.write_text("Not a page.")


@pytest.mark.parametrize(
    ("change", "page", "code"),
    [
        (_gone, 1, "load.missing"),
        (_broken, 1, "load.pdf_broken"),
        (_locked, 1, "load.password_needed"),
        (_kept, 3, "load.no_such_page"),
        (_kept, -1, "load.no_such_page"),
    ],
)
def test_a_page_that_cannot_be_shown_is_refused_in_a_sentence(
    tmp_path: Path, change: Callable[[Path], None], page: int, code: str
) -> None:
    path = _pdf(tmp_path)
    change(path)
    digest = sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    with pytest.raises(LoadError) as refused:
        page_image(path, page, WIDTH, [], digest)
    assert refused.value.code == code
    assert all(path.name in refused.value.say(language) for language in LANGUAGES)


def test_only_the_file_that_was_read_is_shown(tmp_path: Path) -> None:
    path = _pdf(tmp_path)
    digest = next(load(path)).metadata["sha256"]
    assert page_image(path, 1, WIDTH, [], digest).png
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(LoadError, match="changed"):
        page_image(path, 1, WIDTH, [], digest)
    note = tmp_path / "note.txt"
    _text(note)
    with pytest.raises(LoadError, match="no pages"):
        _image(note, [])


def test_cells_that_stand_in_another_order_are_marked_one_by_one(tmp_path: Path) -> None:
    drawn = _image(
        _pdf(tmp_path), ["| 由库管员和会计共同签字 | 18 | The old harbour | house stands |"]
    )
    below = [box.top // 100 for box in drawn.boxes]
    assert below == [5, 1, 1]
