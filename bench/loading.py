"""Measures loading and splitting: correctness over a folder of documents, speed and memory.

    python bench/loading.py [--data FOLDER] [--truth FILE] [--quick]

Without ``--data`` only speed and memory are measured, on texts and a PDF made here. A string is
found where it stands in the text after NFKC with white space removed; ``strict`` counts just
that, ``found`` also lets the bars of a Markdown table pass. ``--truth`` names a file of JSON lines
{path, page, text}: whole pages typed out, against which recognised scans are measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from langchain_core.documents import Document  # noqa: E402 - the path comes first

from loaders import LoadError, load, split, whole_text  # noqa: E402 - the path comes first
from loaders.sentences import closes_sentence  # noqa: E402
from loaders.worker.pool import Pool  # noqa: E402
from loaders.worker.usage import usage  # noqa: E402

_CHINESE = (
    "却说曹操引军至此，众皆大惊，急问左右：“此是何处？”左右答曰：“前面便是华容道。”"
    "操遂勒马，沉吟良久。\n"
)
_ENGLISH = "The morning was cold and bright; nobody had yet crossed the bridge. He waited.\n"


def plain(text: str, *, bars: bool = False) -> str:
    """A text as strings are compared: NFKC, no white space; with ``bars`` no table marks either."""
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    return re.sub(r"(?:\|-{3,})+\|", "", folded).replace("|", "") if bars else folded


def check(path: Path, row: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """The result of loading one document, with expected texts that are missing."""
    began = time.perf_counter()
    result: dict[str, Any] = {"path": row["path"], "expect": row["expect"], "outcome": "loaded"}
    documents: list[Document] = []
    longest = 0.0
    try:
        last = began
        for document in load(path):
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
            documents.append(document)
    except LoadError as error:
        result |= {"outcome": "refused", "why": error.code}
        documents = []
    except Exception as error:  # noqa: BLE001 - a crash is a figure here
        result |= {"outcome": "crashed", "why": repr(error)[:200]}
        documents = []
    result["longest_wait"] = round(longest, 2)
    result["seconds"] = round(time.perf_counter() - began, 2)
    text = whole_text(documents)
    wanted = row["must_contain"] + row.get("visible_text", []) + extra.get("contains", [])
    strict, loose = plain(text), plain(text, bars=True)
    result["wanted"] = len(wanted)
    result["strict"] = sum(plain(want) in strict for want in wanted)
    result["missing"] = [want for want in wanted if plain(want, bars=True) not in loose]
    result["unwelcome"] = [
        string for string, most in extra.get("at_most", {}).items() if _count(text, string) > most
    ]
    places = [loose.find(plain(string, bars=True)) for string in extra.get("in_order", [])]
    result["disorder"] = places != sorted(places) or -1 in places
    codes = [note["code"] for d in documents for note in d.metadata.get("warnings", [])]
    result["warnings"] = {code: codes.count(code) for code in dict.fromkeys(codes)}
    result["good"] = _good(result)
    return result


def _count(text: str, string: str) -> int:
    # Compatibility characters are compared as they are: NFKC would hide them.
    return max(text.count(string), plain(text).count("".join(string.split())))


def _good(result: dict[str, Any]) -> bool:
    expect, outcome = result["expect"], result["outcome"]
    right = not (result["missing"] or result["unwelcome"] or result["disorder"])
    if outcome == "crashed" or result["longest_wait"] > 60:
        return False
    if expect == "clear_error":
        return bool(outcome == "refused")
    if expect == "garbled_warn":
        return right or bool(result["warnings"])
    if expect in ("ordinary", "needs_ocr"):
        return outcome == "loaded" and right
    return outcome == "refused" or right


def documents_table(data: Path) -> list[dict[str, Any]]:
    """One result for each document of the folder, printed as they come."""
    expected = json.loads((HERE / "loading_expected.json").read_text(encoding="utf-8"))
    results = []
    for line in (data / "docs" / "docs.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        result = check(data / row["path"], row, expected.get(Path(row["path"]).name, {}))
        results.append(result)
        found = f"{result['wanted'] - len(result['missing'])}/{result['wanted']}"
        note = result.get("why") or result["missing"] or result["unwelcome"] or ""
        note = note or ("wrong order" if result["disorder"] else "")
        print(
            f"{'ok ' if result['good'] else 'BAD'} {row['expect']:20} {result['outcome']:8}"
            f" {found:>6} strict {result['strict']:>2} {result['seconds']:6.2f} s"
            f"  {row['path']:48} {note}"
        )
    return results


def edit_distance(one: str, other: str) -> int:
    """The Levenshtein distance of two texts."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def character_error_rates(data: Path, truth: Path) -> list[dict[str, Any]]:
    """The character error rate of every page that was typed out, white space left aside."""
    rates = []
    for line in truth.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pages = load(data / row["path"])
        page = next(page for page in pages if page.metadata["page"] == row["page"])
        right, read = plain(row["text"]), plain(page.page_content)
        rate = round(edit_distance(right, read) / len(right), 4)
        rates.append({"path": row["path"], "page": row["page"], "cer": rate, "of": len(right)})
        print(f"character error rate {rate:.2%} of {len(right)}  {row['path']} page {row['page']}")
    return rates


def pdf_speed(path: Path) -> dict[str, Any]:
    """Seconds for the raw text of a PDF and for its laid-out pages, and the slowest page."""
    import pypdfium2

    began = time.perf_counter()
    with pypdfium2.PdfDocument(path) as document:
        for number in range(len(document)):
            page = document[number]
            textpage = page.get_textpage()
            textpage.get_text_range()
            textpage.close()
            page.close()
        count = len(document)
    raw = time.perf_counter() - began
    began = last = time.perf_counter()
    slowest = first = 0.0
    for page in load(path):
        now = time.perf_counter()
        first = first or now - began
        if page.metadata["page"] > 1:
            slowest = max(slowest, now - last)
        last = now
    laid_out = time.perf_counter() - began
    result = {
        "pages": count,
        "raw_seconds": round(raw, 2),
        "layout_seconds": round(laid_out, 2),
        "ratio": round(laid_out / raw, 2),
        "first_page_seconds": round(first, 3),
        "slowest_page_seconds": round(slowest, 3),
    }
    print(path.name, result)
    return result


def reading_process(rounds: int = 5) -> dict[str, Any]:
    """Seconds until a reading process answers, its own processor time by then, and its memory."""
    started = []
    for _ in range(rounds):
        pool = Pool()
        began = time.perf_counter()
        child = pool.lend()
        while child.busy:
            time.sleep(0.001)
        seconds = time.perf_counter() - began
        taken = usage(child.number or 0)
        started.append((seconds, taken.seconds or 0.0, (taken.memory or 0) / 1e6))
        pool.close()
    seconds, processor, megabytes = min(started)
    result = {
        "start_seconds": round(seconds, 3),
        "start_processor_seconds": round(processor, 3),
        "start_megabytes": round(megabytes, 1),
    }
    print("reading process", result)
    return result


def novel(path: Path, chunk_size: int = 1000) -> dict[str, Any]:
    """Megabytes a second for decoding and splitting a text, and where its chunks end."""
    size = path.stat().st_size / 1e6
    began = time.perf_counter()
    chunks = list(split(load(path), chunk_size=chunk_size))
    seconds = time.perf_counter() - began
    closed = sum(closes_sentence(chunk.text) for chunk in chunks) / len(chunks)
    result = {
        "megabytes": round(size, 2),
        "megabytes_per_second": round(size / seconds, 1),
        "chunks": len(chunks),
        "at_sentence_end": round(closed, 4),
    }
    print(path.name, result)
    return result


def text_memory(megabytes: int, language: str) -> dict[str, Any]:
    """Seconds and peak memory for loading and splitting a made text, in a process of its own."""
    line = _CHINESE if language == "zh" else _ENGLISH
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.txt"
        block = (line * 10 + "\n").encode() * 100
        with path.open("wb") as stream:
            for _ in range(megabytes * 1_000_000 // len(block)):
                stream.write(block)
        command = [sys.executable, __file__, "--child", str(path)]
        result: dict[str, Any] = json.loads(subprocess.check_output(command))
    result = {"megabytes": megabytes, "language": language, **result}
    result["peak_to_file"] = round(result["peak_megabytes"] / megabytes, 2)
    print("text", result)
    return result


def _child(path: Path) -> None:
    began = time.perf_counter()
    chunks = sum(1 for _ in split(load(path)))
    # getrusage counts what a process inherits from its parent.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024
    seconds = round(time.perf_counter() - began, 2)
    print(json.dumps({"seconds": seconds, "chunks": chunks, "peak_megabytes": round(peak)}))


def _made_pdf(folder: Path, pages: int = 60) -> Path:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("helvetica", size=11)
    for number in range(pages):
        pdf.add_page()
        pdf.multi_cell(0, 6, f"Page {number}. " + _ENGLISH.replace("\n", " ") * 30)
    path = folder / "made.pdf"
    pdf.output(str(path))
    return path


def main() -> None:
    """Measures, prints and writes ``results/loading.json``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--quick", action="store_true", help="no 100 MB texts")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child)
        return
    figures: dict[str, Any] = {"reading_process": reading_process()}
    if options.data:
        results = documents_table(options.data)
        figures["documents"] = results
        figures["good"] = f"{sum(r['good'] for r in results)}/{len(results)}"
        print("good:", figures["good"])
        pdfs = sorted((options.data / "docs" / "pdf").glob("*_*p*.pdf"))
        figures["pdf_speed"] = {
            path.name: pdf_speed(path) for path in pdfs if "scan" not in path.name
            and re.search(r"619|142p|14p|22p|table_1p|rc4", path.name)
        }  # fmt: skip
        texts = sorted((options.data / "docs" / "long").glob("*.txt"))
        figures["novels"] = {path.name: novel(path) for path in texts}
        if options.truth:
            figures["scans"] = character_error_rates(options.data, options.truth)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures["pdf_speed"] = {"made": pdf_speed(_made_pdf(Path(folder)))}
    sizes = (1, 10) if options.quick else (1, 10, 100)
    figures["texts"] = [text_memory(size, lang) for lang in ("zh", "en") for size in sizes]
    report = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.python_implementation()} "
        f"{platform.python_version()}",
        "versions": {name: version(name) for name in ("pypdfium2", "lxml", "numpy")},
        **figures,
    }
    target = HERE / "results" / "loading.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
