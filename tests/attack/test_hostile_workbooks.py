"""Workbooks that come back, made to exhaust, to read what is not theirs, or to trip the reader."""

from __future__ import annotations

import io
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from loaders import LoadError
from pairs.errors import ExportError
from pairs.files.importing import import_pairs
from pairs.files.review_cells import read_review

_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_O = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_R = "http://schemas.openxmlformats.org/package/2006/relationships"
IDENTITY = f"qa3 {'a' * 12} {'b' * 12} 1 kept {'0' * 12} {'1' * 12}"
HEAD = '<row r="1"><c t="s"><v>1</v></c><c t="s"><v>2</v></c></row>'
PAIR = '<row><c t="s"><v>0</v></c><c t="s"><v>3</v></c></row>'
MOST_SECONDS = 5.0


def workbook(
    folder: Path, rows: str, shared: str = "", before: str = "", name: str = "shared.xml"
) -> Path:
    texts = "".join(f"<si><t>{text}</t></si>" for text in (IDENTITY, "question", "answer", "答a"))
    relations = "".join(
        f'<Relationship Id="r{id_}" Type="{_O}/{kind}" Target="{target}"/>'
        for id_, kind, target in ((1, "worksheet", "worksheets/1.xml"), (2, "sharedStrings", name))
    )
    top = f'<Relationship Id="r1" Type="{_O}/officeDocument" Target="xl/workbook.xml"/>'
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{_R}">{top}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_S}" xmlns:r="{_O}"><sheets>'
        '<sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_R}">{relations}</Relationships>',
        "xl/worksheets/1.xml": f'<worksheet xmlns="{_S}"><sheetData>{HEAD}{rows}</sheetData>'
        "</worksheet>",
        f"xl/{name}": f'{before}<sst xmlns="{_S}">{texts}{shared}</sst>',
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    path = folder / "a.xlsx"
    path.write_bytes(content.getvalue())
    return path


def declared(entities: str) -> str:
    return f"<!DOCTYPE sst [{entities}]>"


LAUGHS = '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
)
FAR = '<row r="1048576"><c r="A1048576" t="s"><v>0</v></c><c t="s"><v>3</v></c></row>'
MADE: dict[str, dict[str, str]] = {
    "a row at the end of the sheet": {"rows": FAR},
    "a cell in the last column": {"rows": PAIR + '<row><c r="XFD3" t="s"><v>3</v></c></row>'},
    "a row of millions of cells": {"rows": f"{PAIR}<row>{'<c/>' * 5_000_000}</row>"},
    "a row of millions of notes": {"rows": f"{PAIR}<row><c>{'<x/>' * 5_000_000}</c></row>"},
    "a text of millions of runs": {
        "rows": PAIR, "shared": f"<si>{'<r/>' * 5_000_000}</si>", "name": "shared.bin"
    },
    "a text in itself": {"rows": PAIR, "shared": "<si>" * 200_000},
    "no number where one must be": {"rows": '<row r="x"><c r="?" t="n"><v>y</v></c></row>'},
    "a text that is not there": {"rows": '<row r="-1"><c t="s"><v>99</v></c></row>'},
    "an end too early": {"rows": PAIR + "<row><c"},
    "entities": {"rows": PAIR, "before": declared(LAUGHS), "shared": "<si><t a='&a9;'/></si>"},
    "entities under another name": {
        "rows": PAIR, "before": declared(LAUGHS), "shared": "<si a='&a9;'/>", "name": "shared.bin"
    },
}  # fmt: skip


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_workbook_made_to_exhaust_is_read_or_refused_in_time(
    made: dict[str, str], tmp_path: Path
) -> None:
    path = workbook(tmp_path, **made)
    for read in (lambda: import_pairs(path), lambda: read_review(path, "a.xlsx")):
        began = time.process_time()
        told = ""
        try:
            assert len(read()) < 10
        except (ExportError, LoadError) as error:
            told = error.say("zh")
        assert not told or "a.xlsx" in told
        assert time.process_time() - began < MOST_SECONDS


def test_a_workbook_reads_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("4711", "utf-8")
    entity = declared(f'<!ENTITY a SYSTEM "{secret.as_uri()}">')
    row = '<row><c t="s"><v>4</v></c><c t="s"><v>4</v></c></row>'
    for name in ("shared.xml", "shared.bin"):
        path = workbook(tmp_path, row, "<si><t>x&a;</t></si>", entity, name)
        with suppress(ExportError):
            assert "4711" not in str(import_pairs(path))


def test_numbers_and_formulas_of_a_list_are_no_words(tmp_path: Path) -> None:
    """A formula counts as what it last showed; a number is no question."""
    rows = '<row><c t="str"><f>CONCAT(A1)</f><v>问 a</v></c><c t="s"><v>3</v></c></row>'
    (pair,) = import_pairs(workbook(tmp_path, rows))
    assert (pair.question, pair.answer) == ("问 a", "答a")
    with pytest.raises(ExportError) as caught:
        import_pairs(workbook(tmp_path, rows + "<row><c><v>5</v></c><c><v>6</v></c></row>"))
    assert caught.value.code == "import.row"
