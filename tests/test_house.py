"""The house rules that a reader relies on, held by the syntax tree."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from messages import LANGUAGES, say
from messages.errors import SaidError

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("messages", "serving", "prompts", "loaders", "pairs", "chains", "endpoint")
DOORS = ("cli", "rest", "ui", "app_cli", "app_rest", "app_chainlit")
FACES = ("messages", "serving", "prompts", "loaders", "pairs", "chains", "endpoint")
OPEN = (*DOORS, "examples")
MOST_LINES = 400


def sources(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        single = ROOT / f"{room}.py"
        for path in [single] if single.is_file() else sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_no_room_imports_a_door() -> None:
    for path, tree in sources(*ROOMS):
        roots = {name.split(".")[0] for name in imported(tree)}
        assert not roots & set(DOORS), path


def test_nothing_below_a_door_prints_exits_or_reads_the_environment() -> None:
    allowed = {
        "settings.py": {"environ"},
        "environment.py": {"environ"},
        "llamacpp_child.py": {"print", "stdin", "_exit"},
        "child.py": {"environ", "stdout"},  # what its process is given, and what that says
        "service.py": {"_exit"},
    }
    for path, tree in sources(*ROOMS):
        spoken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        spoken |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        forbidden = spoken & {"print", "environ", "getenv", "stdout", "_exit", "SystemExit"}
        if path.name in ("llamacpp.py", "grammar.py"):
            forbidden -= {"stdout"}  # its child's
        assert forbidden <= allowed.get(path.name, set()), path


def inner_names(tree: ast.Module) -> Iterator[str]:
    """Dotted names of our packages' insides, imported or spelled out in a string."""
    inside = tuple(f"{face}." for face in FACES)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found = [f"{node.module}."] if node.module not in FACES else []
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts = node.value.split(".")
            named = len(parts) > 1 and all(map(str.isidentifier, parts))
            exists = named and any((ROOT / parts[0]).glob(f"{parts[1]}*"))
            found = [node.value] if exists else []
        else:
            continue
        yield from (name for name in found if name.startswith(inside))


def test_doors_and_examples_import_the_faces_only() -> None:
    deep = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in sources(*OPEN)
        for name in inner_names(tree)
    }
    assert deep == set()


@pytest.mark.parametrize(
    "line",
    [
        "import chains.settings",
        "import pairs.records as records",
        "from chains.settings import Settings",
        "def late():\n    from endpoint.model.open import open_engine",
        "from importlib import import_module\nimport_module('chains.llm.client')",
        "__import__('loaders.pdf')",
    ],
)
def test_an_import_of_an_inside_is_found_in_every_form(line: str) -> None:
    assert list(inner_names(ast.parse(line)))


@pytest.mark.parametrize("line", ["import chains", "from pairs import ground", "x = 'chat.lost'"])
def test_an_import_of_a_face_is_no_import_of_an_inside(line: str) -> None:
    assert not list(inner_names(ast.parse(line)))


def test_no_file_outgrows_one_reason() -> None:
    long = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path, _ in sources(*ROOMS, *DOORS)
    }
    assert {path: lines for path, lines in long.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("room", [*ROOMS, "qa3"])
def test_public_names_exist(room: str) -> None:
    module = import_module(room)
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None


def texts(language: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads(
        (ROOT / "messages" / f"{language}.json").read_text(encoding="utf-8")
    )
    return loaded


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_fields() -> None:
    english, chinese = texts("en"), texts("zh")
    assert english.keys() == chinese.keys()
    for code, text in english.items():
        assert fields_of(text) == fields_of(chinese[code]), code


@pytest.mark.parametrize("other", ["片段", "作业", "向量模型", r"(?<![\w./-])token(?![\w./-])"])
def test_a_thing_has_one_word_in_chinese(other: str) -> None:
    # 文本块, 任务, 嵌入模型, 令牌: those of the glossary.
    assert [code for code, text in texts("zh").items() if re.search(other, text)] == []


def test_every_error_has_its_sentence_and_every_field_it_needs() -> None:
    english = texts("en")
    for path, tree in sources(*ROOMS, "cli", "rest", "ui"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if not (name.endswith("Error") and isinstance(first, ast.Constant)):
                continue
            if not isinstance(first.value, str) or "." not in first.value:
                continue
            if " " in first.value:
                continue  # a foreign error with a sentence of its own
            assert first.value in english, f"{path}: {first.value}"
            given = {keyword.arg for keyword in node.keywords}
            if None not in given:
                assert fields_of(english[first.value]) <= given, f"{path}: {first.value}"


def test_every_message_is_used() -> None:
    spoken = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted(ROOT.rglob("*.py"))
        if ".venv" not in path.parts and "tests" not in path.parts
    )
    families = ("setting.", "load.left_out.", "example.")
    unused = [
        code
        for code in texts("en")
        if not code.startswith(families)
        # A door's own words for a message are used where the message is.
        for base in [code.partition("@")[0]]
        if f'"{base}"' not in spoken and f"'{base}'" not in spoken
    ]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_speaks_and_travels(language: str) -> None:
    import pickle

    error = SaidError("weights.no_file", file="a{b}.gguf")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert again.say(language) == say("weights.no_file", language, file="a{b}.gguf")
    assert "a{b}.gguf" in again.say(language)
