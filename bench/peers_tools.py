"""The tools compared: installation, configuration, command line and output of each."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parent
ROOT = BENCH.parent
SIZE = 1000  # characters of a chunk, or what comes nearest
RETRIES = 6  # of synthetic-data-kit, each with the client's own three attempts
JOURNAL = "journal.sqlite"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Call:
    """The arguments of a tool's run.

    Attributes:
        documents: A folder of text files.
        work: Where it may write.
        address: Of the model, ending in /v1.
        width: Calls at the same time.
        size: Characters of a chunk; qa3 counts in tokens, and has its own.
        more: Whether what a tool has for checking pairs by a model is used where it is no default.
        options: Of qa3 alone.
    """

    documents: Path
    work: Path
    address: str
    width: int
    size: int = SIZE
    more: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """One of the tools.

    Attributes:
        name: As tables show it.
        requirements: What ``pip`` installs into its environment; empty for this interpreter's own.
        package: Whose version is told.
        commands: Run one after the other, given the environment's folder of programs.
        read: The pairs it left on disk.
        settings: What was set, in words.
    """

    name: str
    requirements: tuple[str, ...]
    package: str
    commands: Callable[[Path, Call], list[list[str]]]
    read: Callable[[Path], Pairs]
    settings: str

    def programs(self, cache: Path) -> Path:
        """The folder of its environment's programs, made where it is not there yet."""
        if not self.requirements:
            return Path(sys.executable).parent
        folder = cache / self.package
        made = folder / "made.json"
        wanted = json.dumps(self.requirements)
        if not made.exists() or made.read_text(encoding="utf-8") != wanted:
            print(f"installing {self.name} into {folder}", flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            said = subprocess.run(
                [*pip, *self.requirements],
                capture_output=True,
                text=True,
                check=False,
                env=environment(),
            )
            assert said.returncode == 0, said.stderr
            made.write_text(wanted, encoding="utf-8")
        return folder / "bin"

    def version(self, programs: Path) -> str:
        """The version of its package."""
        ask = f"from importlib.metadata import version; print(version({self.package!r}))"
        said = subprocess.run(
            [programs / "python", "-c", ask],
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        )
        return said.stdout.strip()


def _kit_commands(programs: Path, call: Call) -> list[list[str]]:
    """``ingest`` and ``create`` over the folder, under a configuration file of our own."""
    import yaml

    shipped = next(programs.parent.glob("lib/python*/site-packages/synthetic_data_kit/config.yaml"))
    config: dict[str, Any] = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    config["llm"] = {"provider": "api-endpoint"}
    config["api-endpoint"] |= {
        "api_base": call.address,
        "api_key": "none",
        "model": "simulated",
        "max_retries": RETRIES,
    }
    # The file, since the generator does not see what --chunk-size says.
    config["generation"] |= {"chunk_size": call.size, "overlap": 0, "batch_size": call.width}
    config["generation"]["num_pairs"] = 1_000_000
    file = call.work / "config.yaml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    program = [str(programs / "synthetic-data-kit"), "-c", str(file)]
    parsed, generated = str(call.work / "parsed"), str(call.work / "generated")
    curated = [[*program, "curate", generated, "-o", str(call.work / "curated")]]
    return [
        [*program, "ingest", str(call.documents), "-o", parsed],
        [*program, "create", parsed, "--type", "qa", "-o", generated],
        *(curated if call.more else []),
    ]


def _kit_pairs(work: Path) -> Pairs:
    pairs: Pairs = []
    curated = work / "curated"
    folder = curated if curated.exists() else work / "generated"
    for path in sorted([*folder.glob("*_qa_pairs.json"), *folder.glob("*_cleaned.json")]):
        pairs += _rows(json.loads(path.read_text(encoding="utf-8"))["qa_pairs"])
    return pairs


def _script(name: str) -> Callable[[Path, Call], list[list[str]]]:
    def commands(programs: Path, call: Call) -> list[list[str]]:
        output = str(call.work / "pairs.jsonl")
        command = [str(programs / "python"), str(BENCH / name), str(call.documents), output]
        return [[*command, call.address, str(call.width), str(call.size)]]

    return commands


def _lines(work: Path) -> Pairs:
    path = work / "pairs.jsonl"
    if not path.exists():
        return []
    return _rows(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def _qa3_commands(programs: Path, call: Call) -> list[list[str]]:
    given = {
        "--backend": "chatglm3",
        "--base-url": call.address,
        "--model": "simulated",
        "--concurrency": call.width,
        "--journal": call.work / JOURNAL,
        "--output": call.work / "pairs.jsonl",
    }
    options = [str(word) for option in given.items() for word in option]
    # This checkout's, whatever is installed.
    command = [str(programs / "python"), str(ROOT / "app_cli.py"), "--lang", "en", "extract"]
    return [[*command, str(call.documents), *options, *call.options]]


def _rows(rows: Any) -> Pairs:
    """Question and answer of each row, with whatever stands in a row that has neither."""
    return [
        (str(row.get("question", "")), str(row.get("answer", "")))
        if isinstance(row, Mapping)
        else (str(row), "")
        for row in rows
    ]


def environment(**more: str) -> dict[str, str]:
    """The environment for a child that is to see its own packages only."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


def read_safely(read: Callable[[Path], Pairs], work: Path) -> Pairs:
    """The pairs on disk; none while a file is half written.

    Args:
        read: A tool's.
        work: Where it writes.
    """
    try:
        return read(work)
    except (ValueError, KeyError, OSError):
        return []


def journalled(work: Path) -> int:
    """How many replies qa3's journal holds; 0 where there is none."""
    path = work / JOURNAL
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("select count(*) from replies").fetchone()[0])


TOOLS = (
    Tool(
        name="synthetic-data-kit",
        requirements=("synthetic-data-kit==0.0.5", "torch==2.13.0"),
        package="synthetic-data-kit",
        commands=_kit_commands,
        read=_kit_pairs,
        settings="ingest, create --type qa; chunk_size 1000, batch_size as wide as the run, "
        "num_pairs 1000000, max_retries 6, all in its configuration file",
    ),
    Tool(
        name="LangExtract",
        requirements=("langextract[openai]==1.7.1",),
        package="langextract",
        commands=_script("peers_langextract.py"),
        read=_lines,
        settings="max_char_buffer 1000, max_workers as wide as the run, a batch a document, "
        "UnicodeTokenizer, fenced or bare JSON, unlocated extractions dropped, a call a file",
    ),
    Tool(
        name="chain.batch",
        requirements=(
            "langchain",
            "langchain-openai",
            "langchain-text-splitters",
            "langchain-community",
            "chardet<6",
            "pypdf",
            "docx2txt",
        ),
        package="langchain",
        commands=_script("peers_chain.py"),
        read=_lines,
        settings="TextLoader, PyPDFLoader or Docx2txtLoader by the file's name, "
        "RecursiveCharacterTextSplitter 1000 with separators for Chinese, "
        "prompt | ChatOpenAI(max_retries=10) | JsonOutputParser, batch with max_concurrency and "
        "return_exceptions",
    ),
    Tool(
        name="qa3",
        requirements=(),
        package="qa3",
        commands=_qa3_commands,
        read=_lines,
        settings="extract --backend chatglm3, chunks of 600 tokens as by default",
    ),
)
