"""Web pages, e-books and XML as a reader sees them; what is left out is counted."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from loaders import LoadError, load, whole_text
from loaders.listmarkers import marker
from loaders.mathml import latex
from loaders.raised import lowered, raised

_WIKI = (
    '<span class="mwe-math-element"><span style="display:none"><math><semantics><mi>a</mi>'
    '<annotation encoding="application/x-tex">{\\displaystyle a^{2}}</annotation></semantics>'
    '</math></span><img alt="a^2" src="x.svg"></span>'
)
_KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mi>E</mi><annotation '
    'encoding="application/x-tex">E=mc^2</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true">E=mc2</span></span>'
)
SEEN = [
    ("10<sup>6</sup> 个, 5 m<sup>2</sup>, x<sup>n/2</sup>", "10⁶ 个, 5 m², x^{n/2}"),
    ("H<sub>2</sub>O, v<sub>max</sub>, the 2<sup>nd</sup>", "H₂O, v_{max}, the 2nd"),
    ('共 12<sup><a href="#n3">3</a></sup> 人', "共 12[3] 人"),
    ('<p>12<a epub:type="noteref" href="n.xhtml#a"><sup>*</sup></a> people', "12[*] people"),
    ("was <del>199</del> <ins>149</ins> euros", "was 149 euros"),
    ('<span style="text-decoration: line-through">旧</span>新价', "新价"),
    ('a<span class="sr-only">unseen</span>b', "ab"),
    ("<style>.x {display: none}</style><p>长的正文在这里。</p><p class=x>无", "长的正文在这里。"),
    ("<style>@media print {.x {display: none}}</style><p class=x>打印</p>", "打印"),
    ("<ol start=4><li>Open.<li>Wait.</ol>", "4. Open.\n5. Wait."),
    ("<ol reversed><li>三<li>二</ol>", "2. 三\n1. 二"),
    ('<ol type="i"><li>a<li value=9>b</ol>', "i. a\nix. b"),
    ("<ul><li>一<ol type=a><li>甲<li>乙</ol><li>二</ul>", "- 一\n  a. 甲\n  b. 乙\n- 二"),
    ("<ruby>亳<rp>(</rp><rt>bo</rt>州<rt>zhou</rt></ruby>在安徽", "亳州(bo zhou)在安徽"),
    ("<dl><dt>甲方<dd>出租人<dt>Tenant:<dd>Ms Li</dl>", "甲方: 出租人\nTenant: Ms Li"),
    ("<details><summary>问</summary><p>答</p></details>", "问\n\n答"),
    ("<p>x <math><mfrac><mn>3</mn><mn>4</mn></mfrac></math></p>", "x $\\frac{3}{4}$"),
    (f"<p>面积 {_WIKI} 米</p>", "面积 $a^{2}$ 米"),
    (f"<p>so {_KATEX}.</p>", "so $E=mc^2$."),
    ('<p>y<script type="math/tex">y^2</script></p>', "y$y^2$"),
    ('<p>同意 <input type=checkbox checked> 反对 <input type=checkbox></p>', "同意 ☑ 反对 ☐"),
    ('<p>Name <input value="Ada"> <select><option>a<option selected>b</select></p>', "Name Ada b"),
    ('<p>桥 <img src="data:image/png;base64,AAAA"></p>', "桥"),
    ("<p># not a heading</p>", "# not a heading"),
]  # fmt: skip


def _read(tmp_path: Path, markup: str, **options: Any) -> tuple[str, dict[str, int]]:
    path = tmp_path / "a.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{markup}", encoding="utf-8")
    pages = list(load(path, **options))
    warned = [one for page in pages for one in page.metadata.get("warnings", [])]
    counts = {one["code"].rpartition(".")[2]: one["fields"].get("count", 0) for one in warned}
    return whole_text(pages), counts


@pytest.mark.parametrize(("markup", "text"), SEEN)
def test_text_stands_as_a_reader_sees_it(tmp_path: Path, markup: str, text: str) -> None:
    assert _read(tmp_path, markup)[0] == text


def test_a_cell_over_several_columns_or_rows_stands_over_all_of_them(tmp_path: Path) -> None:
    text, _ = _read(
        tmp_path,
        "<table><caption>表1</caption><tr><th>地区</th><th colspan=2>产量 Output</th></tr>"
        "<tr><td rowspan=2>北</td><td>麦</td><td>10<sup>3</sup></td></tr>"
        "<tr><td>rice</td><td>7</td></tr></table>",
    )
    head = "| 地区 | 产量 Output | 产量 Output |\n| --- | --- | --- |\n"
    assert text == f"表1\n\n{head}| 北 | 麦 | 10³ |\n| 北 | rice | 7 |"


def test_what_is_left_out_is_counted_and_read_on_request(tmp_path: Path) -> None:
    markup = "<p>新价 <s>旧价</s></p><p hidden>藏</p><p>图<img src=a.png></p><iframe></iframe>"
    text, counts = _read(tmp_path, markup)
    assert text == "新价\n\n图"
    assert counts == {"struck": 1, "hidden": 1, "pictures": 1, "objects": 1}
    text, _ = _read(tmp_path, markup, include={"struck", "hidden"})
    assert text == "新价 ~~旧价~~\n\n藏\n\n图"


_SENTENCES = [
    f"第{n}孔桥墩于{1900 + n}年重修，高{n + 3}米，由当地的石匠用了将近两年时间才完成。Pier {n} was "
    f"rebuilt in {1900 + n}, and the masons of the valley needed almost two years for it, as the "
    "parish books say."
    for n in range(12)
]
_ARTICLE = (
    '<header><ul class="menu"><li><a href="/">首页</a><li><a href="/s">Shop</a></ul></header>'
    '<div class="cookie-consent"><p>我们使用 842 cookies.</p><button>OK</button></div>'
    "<article><h1>石桥 Bridge</h1>"
    + "".join(f"<p>{sentence}</p>" for sentence in _SENTENCES[:6])
    + "<h2>尺寸 Size</h2><table><tr><th>孔</th><th>m</th></tr><tr><td>1</td><td>37.4</td></tr>"
    "</table>" + "".join(f"<p>{sentence}</p>" for sentence in _SENTENCES[6:]) + "</article>"
    '<aside class="related"><h3>相关 Related</h3><ul>'
    + "".join(f'<li><a href="/{n}">Ten cheap hotels from {n} euros</a>' for n in range(9))
    + "</ul></aside><footer><p>Copyright 2024, number 4471209</p></footer>"
)


def test_an_article_is_read_without_what_stands_around_it(tmp_path: Path) -> None:
    text, counts = _read(tmp_path, _ARTICLE)
    assert all(sentence in text for sentence in _SENTENCES)
    assert text.startswith("# 石桥 Bridge\n\n")
    assert "## 尺寸 Size\n\n| 孔 | m |\n| --- | --- |\n| 1 | 37.4 |" in text
    assert not any(word in text for word in ("首页", "842", "hotels", "4471209"))
    assert counts["page"] >= 2
    whole, counts = _read(tmp_path, _ARTICLE, include={"page"})
    assert all(word in whole for word in ("首页", "842", "hotels", "4471209"))
    assert "page" not in counts


_MENU = "<nav><a href=/>Home</a> <a href=/b>关于</a></nav>"
OTHER_PAGES = {
    "short": ("<h1>通知</h1><p>图书馆周五闭馆一天。</p>", ["图书馆周五闭馆一天。"]),
    "table": (
        "<h1>价格</h1><table><tr><th>品</th><th>元</th></tr>"
        + "".join(f"<tr><td>货{n}</td><td>{n * 7}</td></tr>" for n in range(60))
        + "</table>",
        ["| 货0 | 0 |", "| 货59 | 413 |"],
    ),
    "index": (
        "<h1>公告</h1><ul>"
        + "".join(
            f"<li><a href=/{n}>关于第{n}号工程招标的公告</a> 2024-05-{n}" for n in range(1, 29)
        )
        + "</ul>",
        ["关于第1号工程招标的公告", "关于第28号工程招标的公告"],
    ),
    "faq": (
        "".join(
            f"<div class=q><h3>How do I open valve {n}?</h3></div><div class=a>Turn it {n} times "
            "to the left, then wait.</div>"
            for n in range(30)
        ),
        ["valve 0?", "Turn it 0 times", "valve 29?", "Turn it 29 times"],
    ),
    "forum": (
        "".join(
            f'<div class="post comment"><b>user{n}</b><p>我的看法是第{n}种方案更好，因为造价低，'
            f"工期也短，And plan {n} needs no crane at all, which saves a week.</p></div>"
            for n in range(20)
        ),
        ["第0种方案", "第19种方案"],
    ),
    "manual": (
        "".join(
            f"<section><h2>Step {n}</h2><p>Run it.</p><pre>tool --level {n}</pre>"
            f"<ul><li>flag {n}: 慢<li>快</ul></section>"
            for n in range(20)
        ),
        ["## Step 0", "tool --level 0", "## Step 19", "tool --level 19", "- flag 19: 慢"],
    ),
}


@pytest.mark.parametrize("kind", OTHER_PAGES)
def test_a_page_that_is_no_article_is_read_whole_but_for_its_menu(
    tmp_path: Path, kind: str
) -> None:
    body, wanted = OTHER_PAGES[kind]
    text, _ = _read(tmp_path, _MENU + body)
    assert [part for part in wanted if part not in text] == []
    assert "关于 " not in text.split("公告")[0]
    assert "Home" not in text


def test_what_points_elsewhere_is_no_part_of_an_article(tmp_path: Path) -> None:
    body = "".join(f"<p>{sentence * 4}</p>" for sentence in ("The bridge is old. ", "桥很长。"))
    pointing = (
        "<p>Read more: <a href=/1>Another bridge was built in the valley last year</a></p>"
        "<p>相关阅读</p><ul><li><a href=/2>山谷里去年又建成了一座新桥</a></li></ul>"
    )
    teasers = "".join(f"<h3><a href=/{n}>Teaser {n} of a story</a></h3>" for n in range(9))
    own = '<h2><a href="#cost">What it cost 造价</a></h2>'
    markup = (
        '<meta property="og:type" content="article"><h1>Other news</h1><h1>The bridge</h1>'
        f"<article>{body * 3}{pointing}{own}{body * 3}</article>{teasers}"
    )
    text, _ = _read(tmp_path, markup)
    assert text.startswith("# The bridge\n")
    assert "## What it cost 造价" in text
    for word in ("Read more", "相关阅读", "新桥", "Teaser", "Other news"):
        assert word not in text
    assert text.count("The bridge is old.") == 24
    whole, _ = _read(tmp_path, markup, include=["page"])
    assert all(word in whole for word in ("Read more", "相关阅读", "Teaser 8"))


def _epub(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


_CONTAINER = (
    '<container xmlns="urn:x"><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
)
_PACKAGE = (
    '<package xmlns:dc="urn:dc"><metadata><dc:title>书</dc:title></metadata><manifest>'
    '<item id="n" href="nav.xhtml" properties="nav"/><item id="one" href="1.xhtml"/>'
    '<item id="gone" href="gone.xhtml"/><item id="two" href="2.xhtml"/></manifest><spine>'
    '<itemref idref="n"/><itemref idref="one"/><itemref idref="gone"/><itemref idref="two"/>'
    "</spine></package>"
)
_CHAPTERS = {
    "META-INF/container.xml": _CONTAINER,
    "b.opf": _PACKAGE,
    "nav.xhtml": "<html><body><nav><a href='1.xhtml'>第一章 钟楼</a><a href='2.xhtml'>The "
    "Flood</a></nav></body></html>",
    "1.xhtml": "<html><body><p>第一章 钟楼</p><p>造价 12<a epub:type='noteref' href='#n'><sup>3"
    "</sup></a> 千克朗。</p><aside epub:type='footnote' id='n'><p>3. 约两百万。</p></aside>"
    "<p>钟楼仍在。</p></body></html>",
    "2.xhtml": "<html><body><p>It rained<img src='a.png'/>.</p></body></html>",
}


def test_epub_names_its_chapters_and_sets_its_notes_apart(tmp_path: Path) -> None:
    pages = list(load(_epub(tmp_path / "a.epub", _CHAPTERS)))
    assert [page.page_content for page in pages] == [
        "# 第一章 钟楼\n\n造价 12[3] 千克朗。\n\n钟楼仍在。\n\n3. 约两百万。",
        "",
        "# The Flood\n\nIt rained.",
    ]
    assert pages[2].metadata["headings"] == ["The Flood"]
    codes = [one["code"] for page in pages for one in page.metadata.get("warnings", [])]
    assert codes == ["load.part_missing", "load.left_out.pictures"]


@pytest.mark.parametrize("missing", ["META-INF/container.xml", "b.opf"])
def test_epub_is_known_without_its_container_or_package(missing: str, tmp_path: Path) -> None:
    parts = {name: text for name, text in _CHAPTERS.items() if name != missing}
    pages = list(load(_epub(tmp_path / "a.epub", {"mimetype": "application/epub+zip"} | parts)))
    assert any("造价 12[3] 千克朗。" in page.page_content for page in pages)


def test_epub_that_a_shop_locked_is_refused(tmp_path: Path) -> None:
    lock = '<encryption><x><CipherReference URI="1.xhtml"/></x></encryption>'
    path = _epub(tmp_path / "a.epub", _CHAPTERS | {"META-INF/encryption.xml": lock})
    with pytest.raises(LoadError) as caught:
        list(load(path))
    assert caught.value.code == "load.epub_locked"


FB2 = (
    '<?xml version="1.0" encoding="utf-8"?><FictionBook xmlns="urn:fb"><description><title-info>'
    "<genre>sf</genre><book-title>塔 Tower</book-title></title-info></description><body><section>"
    '<title><p>Chapter 1</p></title><p>It cost 12<a href="#n" type="note">3</a> crowns.</p>'
    '</section></body><body name="notes"><section id="n"><p>3 两百万</p></section></body>'
    '<binary id="c">AAAA</binary></FictionBook>'
)
JATS = (
    "<article><front><article-meta><article-title>潮汐 Tides</article-title></article-meta>"
    "</front><body><sec><title>Methods</title><p>Flow 10<sup>6</sup>.</p></sec></body></article>"
)
ORDERS = (
    '<?xml version="1.0"?><orders><order id="007"><name>螺丝</name></order>'
    '<order id="8"><name>Nut</name></order></orders>'
)
SETTINGS = "<machine><name>泵</name><limits><pressure unit='bar'>1.50</pressure></limits></machine>"


@pytest.mark.parametrize(
    ("name", "source", "text"),
    [
        (
            "a.fb2",
            FB2,
            "# 塔 Tower\n\n## Chapter 1\n\nIt cost 12[3] crowns.\n\n3 两百万",
        ),
        ("a.xml", JATS, "# 潮汐 Tides\n\n## Methods\n\nFlow 10⁶."),
        ("a.xml", ORDERS, "| id | name |\n| --- | --- |\n| 007 | 螺丝 |\n| 8 | Nut |"),
        ("a.xml", SETTINGS, "name: 泵\nunit: bar\npressure: 1.50"),
    ],
)
def test_xml_is_read_as_text_or_as_records(
    tmp_path: Path, name: str, source: str, text: str
) -> None:
    (tmp_path / name).write_text(source, encoding="utf-8")
    assert whole_text(load(tmp_path / name)) == text


def test_xml_that_declares_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><p>&a;</p></x>')
    with pytest.raises(LoadError) as caught:
        list(load(path))
    assert caught.value.code == "load.xml_broken"


def test_formulas_in_mathml_become_latex() -> None:
    from lxml import etree

    def of(inside: str) -> str:
        return latex(etree.fromstring(f'<math xmlns="urn:m">{inside}</math>'))

    assert of("<msqrt><mi>x</mi></msqrt>") == "\\sqrt{x}"
    assert of("<msubsup><mo>∑</mo><mn>1</mn><mi>n</mi></msubsup>") == "\\sum_{1}^{n}"
    assert of("<mover><mi>x</mi><mo>¯</mo></mover>") == "\\bar{x}"
    assert of("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>") == (
        "\\begin{matrix} 1 & 2 \\end{matrix}"
    )


def test_raised_and_lowered_characters_and_list_numbers() -> None:
    assert [raised("-3"), raised("th", "5"), raised("注1"), raised("(n+1)")] == [
        "⁻³",
        "th",
        "[注1]",
        "⁽ⁿ⁺¹⁾",
    ]
    assert [lowered("12"), lowered("C")] == ["₁₂", "_{C}"]
    from lxml import html

    marks = marker(html.fromstring('<ol type="A" start="26"><li>x<li>y</ol>'))
    assert [next(marks), next(marks)] == ["Z. ", "AA. "]
    chinese = marker(html.fromstring('<ol style="list-style: cjk-ideographic" start=11><li></ol>'))
    assert next(chinese) == "十一、"
