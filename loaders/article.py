"""Chooses what a web page is about among menus, boxes and adverts, and takes the rest out.

trafilatura (https://github.com/adbar/trafilatura) chooses. It rewrites what it keeps, and loses
rows, formulas and headings by it; so each run of text is marked before it is asked, the marks
that come back say which runs it kept, and the page itself stays as its author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

UNREAD = frozenset(
    "script style noscript template svg canvas iframe object embed head "
    "audio video map datalist rp".split()
)
"""Elements whose text no reader of the page sees as text."""
HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
BLOCKS = HEADINGS | frozenset(
    "p div section article main header footer aside address blockquote center dl dt dd fieldset "
    "figcaption figure form hr ol ul li pre details summary body html table tr td th caption "
    "thead tbody tfoot nav menu dialog legend hgroup search".split()
)
"""Elements that begin a line of their own."""

_FURNITURE_TAGS = frozenset("nav dialog menu search".split())
_MARGIN_TAGS = frozenset("header footer aside".split())
_FURNITURE_ROLES = frozenset(
    "navigation banner contentinfo complementary search dialog alertdialog menu menubar toolbar "
    "tablist".split()
)
_FURNITURE_WORDS = frozenset(
    "nav navbar navigation menu menus breadcrumb breadcrumbs crumb crumbs footer sidebar cookie "
    "cookies consent gdpr newsletter subscribe signup login share sharing social sharebar related "
    "recommend recommended recommendations advert advertisement ads adsense sponsored promo "
    "pagination pager popup modal copyright skiplink toolbar masthead topbar widget".split()
)
_ASIDE_WORDS = frozenset(
    "note tip warning caution important info admonition callout footnote footnotes".split()
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ARTICLE = re.compile(
    r'"@type"\s{0,5}:\s{0,5}\[?\s{0,5}"(?:[A-Za-z]{0,20}Article|BlogPosting|Report)"'
)
_MARK = re.compile("[\u2801-\u28ff]{3}")
_BASE = 250
_MOST_RUNS = 10_000  # a page of more is no article, and takes trafilatura minutes
_MOST_SHARE = 0.5  # of a page's text; what holds more is no furniture, whatever its name
_LINKS = 0.8  # share of the characters; a run of more is a list of links
_FEW_LINKS = 0.08  # share of the characters of a page on which there is nothing to choose
_INDEX = 0.5  # share of the characters; a page of more links is a list of them
_SHORT = 600  # characters; of so little trafilatura judges badly
_LEAST = 0.6  # share of the text that is no furniture which a choice must hold ...
_LEAST_OF_ARTICLE = 0.05  # ... and where the page calls itself an article
_CELLS = frozenset(("td", "th", "tr", "tbody", "table"))
_MEDIA = frozenset("img input select textarea button iframe video audio svg canvas".split())
_MOST_ELEMENTS = 300_000  # of a page that is looked through for furniture
_TABULAR = frozenset(("table", "pre", "math", "dl"))
_LABEL = 60  # characters
_LEAST_SAID = 0.85  # share of the characters of what was found
_ENDS = tuple('.!?。！？…"”')
_STRUCTURED = frozenset("table pre math figure dl ul ol blockquote details".split())


@dataclass(slots=True)
class Run:
    """Text between two line starts: its places, its length, how much of it are links."""

    slots: list[tuple[Any, bool, int]] = field(default_factory=list)
    size: int = 0
    links: int = 0
    heading: int = 0
    furniture: bool = False
    menu: bool = False
    structure: Any = None

    @property
    def is_links(self) -> bool:
        """Whether hardly anything but links stands in it."""
        return self.links > _LINKS * self.size


def remove_furniture(root: Any, is_hidden: Callable[[Any], bool]) -> int:
    """The number of blocks that were taken out of a page, since they are not what it is about.

    Args:
        root: The parsed page; changed in place.
        is_hidden: Says of an element whether a reader sees it.
    """
    body = root.find("body")
    if body is None:
        return 0
    if sum(1 for _ in body.iter()) > _MOST_ELEMENTS:
        return 0
    runs, media = _runs(body, is_hidden)
    plain = [run for run in _without_margins(runs) if not run.furniture]
    if not sum(run.size for run in plain):
        return 0
    keep = plain
    links = sum(run.links for run in runs)
    if len(plain) < len(runs) or links > _FEW_LINKS * sum(run.size for run in runs):
        keep = _chosen(root, runs, plain)
    kept = {id(run) for run in keep}
    dropped = [run for run in runs if id(run) not in kept]
    emptied = []
    for run in dropped:
        for element, tail, _ in run.slots:
            _put(element, tail, " ")
            emptied.append(element.getparent() if tail else element)
    for element, after, furniture in media:
        # A picture belongs to the text before or behind it.
        beside = runs[max(after - 1, 0) : after + 1]
        if furniture or not any(id(run) in kept for run in beside):
            _drop(element)
    _remove_empty(body, emptied)
    return _blocks(runs, kept)


def _blocks(runs: list[Run], kept: set[int]) -> int:
    """How many stretches of consecutive runs are not kept."""
    count, inside = 0, False
    for run in runs:
        out = id(run) not in kept
        count += out and not inside
        inside = out
    return count


def _runs(  # noqa: C901 - one walk, whose states belong together
    body: Any, is_hidden: Callable[[Any], bool]
) -> tuple[list[Run], list[tuple[Any, int, bool]]]:
    """The runs of text of a page in order; what nobody sees is in none.

    With them, its pictures and form fields: each with the number of runs before it, and whether it
    stands in furniture.
    """
    from lxml import etree

    total = sum(len(text) for text in body.itertext())
    runs: list[Run] = []
    media: list[tuple[Any, int, bool]] = []
    run, link, heading = Run(), 0, 0
    furniture: list[Any] = []
    structures: list[Any] = []

    def close() -> None:
        nonlocal run
        if run.size:
            runs.append(run)
        run = Run(
            heading=heading,
            furniture=bool(furniture),
            menu=bool(furniture) and _is_menu(furniture[-1]),
            structure=structures[-1] if structures else None,
        )

    def add(element: Any, tail: bool) -> None:
        text = element.tail if tail else element.text
        size = len(text.strip()) if text else 0
        if size:
            run.slots.append((element, tail, size))
            run.size += size
            run.links += size if link else 0

    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        block = tag in BLOCKS or tag == "br"
        if event == "start":
            if tag in _MEDIA:
                media.append((element, len(runs) + bool(run.size), bool(furniture)))
            if tag in _MEDIA or not isinstance(tag, str) or tag in UNREAD or is_hidden(element):
                walk.skip_subtree()
                if block:
                    close()
                continue
            if tag in HEADINGS:
                heading = int(tag[1])
            if tag in _STRUCTURED:
                structures.append(element)
            if not furniture and _is_furniture(element, tag, total):
                furniture.append(element)
            if block:
                close()
            link += _leads_away(element, tag, heading)
            add(element, False)
        else:
            if tag in HEADINGS:
                heading = 0
            if structures and structures[-1] is element:
                structures.pop()
            if furniture and furniture[-1] is element:
                furniture.pop()
            if block:
                close()
            link = max(0, link - _leads_away(element, tag, heading))
            if element is not body:
                add(element, True)
    close()
    return runs, media


def _leads_away(element: Any, tag: str, heading: int) -> bool:
    """Whether an element is a link; one of a heading to its own place in the page is none."""
    return tag == "a" and not (heading and (element.get("href") or "#").startswith("#"))


def _is_menu(element: Any) -> bool:
    """Whether the page itself says that an element is furniture."""
    return element.tag in _FURNITURE_TAGS or (element.get("role") or "") in _FURNITURE_ROLES


def _is_furniture(element: Any, tag: str, total: int) -> bool:
    words = {
        word.lower()
        for word in _WORD.findall(f"{element.get('class') or ''} {element.get('id') or ''}"[:300])
    }
    if tag in _MARGIN_TAGS:
        found = not _inside_article(element, tag, words)
    else:
        found = _is_menu(element) or (
            tag in BLOCKS
            and tag not in ("body", "main", "article")
            and bool(words & _FURNITURE_WORDS)
        )
    if not found or element.find(".//h1") is not None or element.find(".//main") is not None:
        return False
    return sum(len(text) for text in element.itertext()) <= _MOST_SHARE * total


def _inside_article(element: Any, tag: str, words: set[str]) -> bool:
    """Whether a header, footer or aside belongs to the text it stands in, not to the page."""
    if tag == "aside":
        role = f"{element.get('role') or ''} {element.get('epub:type') or ''}"
        return bool(words & _ASIDE_WORDS) or "note" in role
    if words & _FURNITURE_WORDS - {"footer"}:
        return False
    return any(above.tag in ("article", "main", "blockquote") for above in element.iterancestors())


def _without_margins(runs: list[Run]) -> list[Run]:
    """The runs without the lists of links that a page begins and ends with."""
    solid = [i for i, run in enumerate(runs) if not run.furniture and not run.is_links]
    if not solid or sum(runs[i].size for i in solid) < _SHORT:
        return runs
    first, last = solid[0], solid[-1]
    return [run for i, run in enumerate(runs) if first <= i <= last or run.heading]


def _chosen(root: Any, runs: list[Run], plain: list[Run]) -> list[Run]:
    """What trafilatura keeps and what belongs to it; if that is little, all but furniture."""
    if sum(run.size for run in runs) < _SHORT or len(runs) > _MOST_RUNS:
        return plain
    article = _calls_itself_article(root)
    if not article and sum(run.links for run in plain) > _INDEX * sum(run.size for run in plain):
        return plain
    found = {number for number in _asked(root, runs) if not runs[number].menu}
    held = sum(runs[i].size for i in found)
    of_text = sum(run.size for run in plain if not run.is_links)
    least = _LEAST_OF_ARTICLE if article else _LEAST
    if held < least * of_text or held < _SHORT / 3:
        return plain
    return _completed(runs, found)


def _calls_itself_article(root: Any) -> bool:
    for meta in root.iter("meta"):
        if meta.get("property") == "og:type" and "article" in (meta.get("content") or "").lower():
            return True
    return any(
        _ARTICLE.search((script.text or "")[:100_000])
        for script in root.iter("script")
        if script.get("type") == "application/ld+json"
    )


def _completed(runs: list[Run], found: set[int]) -> list[Run]:
    """The runs at the places found, headings above them, and tables, lists and code between."""
    keep = found - _pointers(runs, found)
    if sum(runs[i].size for i in keep) < _LEAST_SAID * sum(runs[i].size for i in found):
        keep = set(found)  # a text that lists sources or works says something by its links
    first, last = min(keep), max(keep)
    touched = {id(runs[i].structure) for i in keep if runs[i].structure is not None}
    for i in range(first, last + 1):
        run = runs[i]
        if run.furniture or run.is_links:
            continue
        if run.structure is not None and (
            id(run.structure) in touched or run.structure.tag in _TABULAR
        ):
            keep.add(i)
    text = [i for i in keep if not runs[i].heading]
    begin, last = min(text, default=first), max(text, default=last)
    # The title stands above byline and pictures, other headings right above their text.
    title = max(
        (i for i in range(begin) if runs[i].heading == 1 and not runs[i].furniture), default=-1
    )
    keep = {i for i in keep if i <= last and (i >= begin or runs[i].heading != 1)} | {title}
    for i in range(last, -1, -1):
        run = runs[i]
        if run.heading and not run.furniture and not run.is_links and i + 1 in keep and i > first:
            keep.add(i)
    return [run for i, run in enumerate(runs) if i in keep]


def _pointers(runs: list[Run], found: set[int]) -> set[int]:
    """The places of runs that point at other pages instead of saying something."""
    pointers: set[int] = set()
    for i in sorted(found, reverse=True):
        run = runs[i]
        if run.heading == 1 or (run.structure is not None and run.structure.tag in _TABULAR):
            continue
        followed = i + 1 < len(runs) and runs[i + 1].is_links
        if run.is_links or (followed and _is_label(run)):
            pointers.add(i)
    return pointers


def _is_label(run: Run) -> bool:
    """Whether a run is a few words that name what stands below."""
    element, tail, _ = run.slots[-1]
    words = (element.tail if tail else element.text).rstrip()
    return run.size <= _LABEL and not words.endswith(_ENDS)


def _mark(number: int) -> str:
    digits = (number // _BASE**2 % _BASE, number // _BASE % _BASE, number % _BASE)
    return "".join(chr(0x2801 + digit) for digit in digits)


def _unmark(mark: str) -> int:
    number = 0
    for sign in mark:
        number = number * _BASE + ord(sign) - 0x2801
    return number


def _asked(root: Any, runs: list[Run]) -> set[int]:
    """The places in ``runs`` of what trafilatura keeps of the page."""
    import trafilatura

    saved = []
    for number, run in enumerate(runs):
        element, tail, _ = max(run.slots, key=lambda slot: slot[2])
        text = element.tail if tail else element.text
        if _MARK.search(text):
            return set()
        saved.append((element, tail, text))
        end = len(text.rstrip())
        _put(element, tail, text[:end] + _mark(number) + text[end:])
    try:
        found: Any = trafilatura.bare_extraction(root, include_comments=False)
    finally:
        for element, tail, text in saved:
            _put(element, tail, text)
    if found is None:
        return set()
    numbers = {_unmark(mark) for mark in _MARK.findall(" ".join(found.body.itertext()))}
    return {number for number in numbers if number < len(runs)}


def _put(element: Any, tail: bool, text: str) -> None:
    if tail:
        element.tail = text
    else:
        element.text = text


def _remove_empty(body: Any, emptied: list[Any]) -> None:
    """Removes the elements in which nothing is left to read."""
    for start in emptied:
        element = start
        while element is not None and element is not body and element.tag not in _CELLS:
            above = element.getparent()
            if above is None or any(text.strip() for text in element.itertext()):
                break
            if next(element.iter(*_MEDIA, "math"), None) is not None:
                break
            _drop(element)
            element = above


def _drop(element: Any) -> None:
    """Removes an element; the text behind it stays."""
    above, before, tail = element.getparent(), element.getprevious(), element.tail
    if above is None:
        return
    if tail:
        if before is None:
            above.text = (above.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail
    above.remove(element)
