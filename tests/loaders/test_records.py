"""CSV, JSON, Markdown and TeX as a reader sees them; what is left out is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loaders import LoadError, load, split, whole_text


def _read(
    tmp_path: Path, name: str, text: str | bytes, **options: Any
) -> tuple[str, dict[str, int]]:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    pages = list(load(path, **options))
    warned = [one for page in pages for one in page.metadata.get("warnings", [])]
    counts = {one["code"].rpartition(".")[2]: one["fields"].get("count", 0) for one in warned}
    return whole_text(pages), counts


_TWO = "| 品 | 价 |\n| --- | --- |\n| 茶 | 5 |\n| tea | 6 |"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("品,价\n茶,5\ntea,6\n", _TWO),
        ("sep=;\n品;价\n茶;5\ntea;6\n", _TWO),
        ("\ufeffsep=,\r\n品,价\r\n茶,5\r\ntea,6\r\n", _TWO),
        ("品|价\n茶|5\ntea|6\n", _TWO),
        ("品,价,,\n茶,5,,\ntea,6,,\n,,,\n", _TWO),
        ("2024年报表\n单位: 元\n\n品;价\n茶;5\ntea;6\n", f"2024年报表\n单位: 元\n\n{_TWO}"),
        ("year;rice\n2021;7,1\n", "| year | rice |\n| --- | --- |\n| 2021 | 7,1 |"),
        ('品,注\n茶,"两行\n的, 注"\n', "| 品 | 注 |\n| --- | --- |\n| 茶 | 两行 的, 注 |"),
        ('size,what\n5" pipe,a\n', '| size | what |\n| --- | --- |\n| 5" pipe | a |'),
        ('a,b\n"say \\"hi\\"",2\nx,3\n', '| a | b |\n| --- | --- |\n| say "hi" | 2 |\n| x | 3 |'),
    ],
)  # fmt: skip
def test_csv(tmp_path: Path, source: str, text: str) -> None:
    assert _read(tmp_path, "a.csv", source)[0] == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('[{"title": "退货", "content": "七天内。", "fee": "运费12元"}]',
         "退货\n\n七天内。\n\nfee: 运费12元"),
        ('{"a": 1}{"a": 2}\n\n{"a": 3}', "a: 1\n\na: 2\n\na: 3"),
        ('["一段。", "Two."]', "一段。\n\nTwo."),
        ('{"n": 12345678901234567890123, "x": 1.10, "big": 1e400, "on": true, "none": null}',
         "n: 12345678901234567890123\nx: 1.10\nbig: 1e400\non: true"),
        ('{"home": {"score": 3}, "away": {"score": 1}}', "home.score: 3\naway.score: 1"),
        ('{"order": "A7", "items": [{"name": "螺丝", "qty": 4}, {"name": "nut", "qty": 9}]}',
         "order: A7\n\nitems:\n\n| name | qty |\n| --- | --- |\n| 螺丝 | 4 |\n| nut | 9 |\n"),
    ],
)  # fmt: skip
def test_json_gives_every_field_as_written(tmp_path: Path, source: str, text: str) -> None:
    assert _read(tmp_path, "a.json", source)[0] == text


def test_json_comments_are_counted_and_are_no_data(tmp_path: Path) -> None:
    source = '{\n  // old: 5\n  "url": "http://a.b/c", /* 旧 */ "列": [1, 2,],\n}'
    text, counts = _read(tmp_path, "a.json", source)
    assert text == "url: http://a.b/c\n列: 1\n列: 2"
    assert counts == {"comments": 2}
    with pytest.raises(LoadError, match="line 3"):
        _read(tmp_path, "a.jsonl", '{"a": 1}\n{"a": 2}\n{"a": \n')


def test_a_long_field_has_its_name_beside_every_slice(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    record = {"title": "手册", "text": "短。", "history": "一九五二年重修。" * 200}
    path.write_text(json.dumps(record), encoding="utf-8")
    chunks = list(split(load(path), chunk_size=200))
    assert len(chunks) > 3
    assert all("history" in chunk.text + chunk.context for chunk in chunks[1:])
    assert all("手册" in chunk.text + chunk.context for chunk in chunks)


MARKDOWN = [
    ("---\ntitle: 潮汐表\ntags: [a]\n---\n\n正文。\n", "正文。\n"),
    ("+++\ntitle = 'Tides'\n+++\nText.\n", "Text.\n"),
    ("---\n\nA rule above.\n\n---\n", "---\n\nA rule above.\n\n---\n"),
    ("a\n<!-- old: 5:10 -->\nb\n", "a\nb\n"),
    ("[//]: # (todo)\nb\n", "b\n"),
    ("![桥](data:image/png;base64,AAAA) 高", "桥 高"),
    ("![a][x]\n\n[x]: data:image/png;base64,AAAA\n", "![a][x]\n\n\n"),
    ('<img alt="桥" src="data:image/png;base64,AAAA"> 高', "桥 高"),
    ("10<sup>6</sup>, H<sub>2</sub>O, 旧~~五~~六", "10⁶, H₂O, 旧六"),
    ("12[^3] 人\n\n[^3]: 约数\n", "12[3] 人\n\n[3] 约数\n"),
    ("<h2 align=center>标题</h2>\n<b>x</b> vector<T> <https://a.b>",
     "## 标题\nx vector<T> <https://a.b>"),
    ("`<td>`\n\n```\n<!-- a -->\n~~x~~\n```\n", "`<td>`\n\n```\n<!-- a -->\n~~x~~\n```\n"),
    ("| a | b |\n| --- | --- |\n| x<br>y | 1 |\n", "| a | b |\n| --- | --- |\n| x y | 1 |\n"),
    ("<!-- never closed", "<!-- never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text"), MARKDOWN)
def test_markdown(tmp_path: Path, source: str, text: str) -> None:
    assert _read(tmp_path, "a.md", source)[0] == text


def test_markdown_says_its_title_and_what_was_left_out(tmp_path: Path) -> None:
    source = '---\ntitle: "表: A"\n---\n# B\n~~x~~ <!-- c --> ![d](e.png)\n'
    path = tmp_path / "a.md"
    path.write_text(source, encoding="utf-8")
    (page,) = load(path)
    assert page.metadata["title"] == "表: A"
    _, counts = _read(tmp_path, "b.md", source)
    assert counts == {"struck": 1, "comments": 1, "pictures": 1}
    assert "~~x~~" in _read(tmp_path, "b.md", source, include={"struck"})[0]


def test_tables_of_html_in_markdown_are_tables_in_every_chunk(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{n:03}</td><td>零件{n}</td></tr>" for n in range(80))
    head = "<tr><td>编号</td><td>名称</td></tr>"
    merged = (
        "<table><tr><td>型号</td><td colspan=2>kW</td></tr>"
        "<tr><td rowspan=2>P-1</td><td>rated</td><td>5.5</td></tr>"
        "<tr><td>peak</td><td>7.5</td></tr></table>"
    )
    path = tmp_path / "a.md"
    path.write_text(f"# 表\n\n{merged}\n\n<table>{head}{rows}</table>\n", encoding="utf-8")
    text = whole_text(load(path))
    assert "| 型号 | kW | kW |" in text
    assert "| P-1 | peak | 7.5 |" in text
    for chunk in split(load(path), chunk_size=200):
        if "零件" in chunk.text:
            assert "| 编号 | 名称 |" in chunk.text + chunk.context


TEX = r"""\documentclass{article}
\title{石桥 Bridge} % draft
\begin{document}\maketitle
\section{Span\label{s}}
It is 37.4~m wide\footnote{Measured in 1979.} and 7.2\% steep.
赵州桥
建于隋代。
\begin{enumerate}\item First \emph{one} \item 二\end{enumerate}
\begin{equation}E = mc^2\end{equation}
Inline $x^2$ holds.
\begin{tabular}{l|r}\hline 名 & Load \\ A & 3 \\ \end{tabular}
\end{document}
"""


def test_tex_is_read_without_its_commands(tmp_path: Path) -> None:
    text, counts = _read(tmp_path, "a.tex", TEX)
    assert text == (
        "# 石桥 Bridge\n\n## Span\n\nIt is 37.4 m wide[1] and 7.2% steep. 赵州桥建于隋代。\n\n"
        "1. First one\n2. 二\n\n$$E = mc^2$$\n\nInline $x^2$ holds.\n\n"
        "| 名 | Load |\n| --- | --- |\n| A | 3 |\n\n[1] Measured in 1979."
    )
    assert counts == {"comments": 1}
