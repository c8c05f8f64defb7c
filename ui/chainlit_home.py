"""Where Chainlit stands: a folder of this process's own with our settings, words and elements.

Chainlit writes uploads, translations and settings where it stands, reads the environment when it
is imported, and empties that place when it ends: two servers must not share one.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chains import user_folder
from loaders import FORMATS, LEGACY_SUFFIXES
from messages import LANGUAGES, say

HERE = Path(__file__).resolve().parent
LOCK = "in-use.lock"
# An element is one file for Chainlit; ours are written in parts and joined.
ELEMENTS = {
    "Job": ("shared.jsx", "progress.jsx", "details.jsx", "table.jsx", "job.jsx"),
    "Jobs": ("shared.jsx", "jobs.jsx"),
    "Sources": ("sources.jsx",),
}
# Chainlit's own words in a language, and what ours say instead.
_WORDS = {
    "chat.input.placeholder": "page.ask_here",
    "chat.watermark": "page.watermark",
    "auth.login.form.email.label": "page.user",
}
_CHINESE = ("zh-CN", "zh")
_held: list[FileLock] = []  # released when the process ends, however it ends


def settle() -> Path:
    """The folder this process's Chainlit stands in, ready for it to be imported."""
    _without_surprises()
    running = sys.modules.get("chainlit.config")
    if not _held:
        root = _fresh_folder()
        _fill(root)
        os.environ["CHAINLIT_APP_ROOT"] = str(root)
    root = Path(os.environ["CHAINLIT_APP_ROOT"])
    if running is not None and Path(running.APP_ROOT) != root:
        _move(running, root)
    return root


def _without_surprises() -> None:
    """Nothing in the environment may switch on a database or a service of Chainlit's own."""
    for name in ("DATABASE_URL", "LITERAL_API_KEY"):
        os.environ.pop(name, None)
    # A file of settings in the folder the server is started from is not ours to read.
    os.environ.setdefault("CHAINLIT_ENV_FILE", ".qa3-reads-no-env-file")


def _fresh_folder() -> Path:
    """A new folder, held by this process; those of processes that are gone are removed."""
    pages = user_folder("cache") / "page"
    pages.mkdir(parents=True, exist_ok=True)
    with FileLock(pages / "making.lock"):  # nobody removes a folder that is not yet held
        _remove_left(pages)
        root = Path(tempfile.mkdtemp(prefix="server-", dir=pages))
        held = FileLock(root / LOCK)
        held.acquire()
    _held.append(held)
    return root


def _remove_left(pages: Path) -> None:
    for left in pages.glob("server-*"):
        lock = FileLock(left / LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(left, ignore_errors=True)


def _fill(root: Path) -> None:
    shutil.copytree(HERE / "public", root / "public")
    (root / ".chainlit" / "translations").mkdir(parents=True)
    (root / ".chainlit" / "config.toml").write_text(_config(), encoding="utf-8")
    (root / "chainlit.md").write_text("", encoding="utf-8")
    _write_elements(root / "public" / "elements")
    _write_translations(root / ".chainlit" / "translations")
    with (root / "public" / "qa3.css").open("a", encoding="utf-8") as css:
        for language in LANGUAGES:
            text = json.dumps(say("page.welcome", language), ensure_ascii=False)
            css.write(f"\n:lang({language}) #welcome-screen::before {{ content: {text}; }}\n")


def _config() -> str:
    """Chainlit's settings, with the suffixes that the page takes."""
    known = {suffix for one in FORMATS.values() for suffix in one.suffixes} | {*LEGACY_SUFFIXES}
    suffixes = ", ".join(json.dumps(suffix) for suffix in sorted(known))
    return (HERE / "chainlit.toml").read_text(encoding="utf-8").replace('"%SUFFIXES%"', suffixes)


def _write_elements(folder: Path) -> None:
    folder.mkdir()
    for name, parts in ELEMENTS.items():
        code = "\n".join(
            (HERE / "elements" / part).read_text(encoding="utf-8") for part in dict.fromkeys(parts)
        )
        (folder / f"{name}.jsx").write_text(code, encoding="utf-8")


def _write_translations(folder: Path) -> None:
    """Chainlit's own words with ours among them; the languages we do not speak stay its own."""
    spec = find_spec("chainlit")
    given = Path(str(spec and spec.origin)).parent / "translations"
    for language, source, names in (("en", "en-US", ("en-US",)), ("zh", "zh-CN", _CHINESE)):
        words = json.loads((given / f"{source}.json").read_text(encoding="utf-8"))
        for place, code in _WORDS.items():
            _put(words, place.split("."), say(code, language))
        for name in names:
            (folder / f"{name}.json").write_text(
                json.dumps(words, ensure_ascii=False), encoding="utf-8"
            )


def _put(words: dict[str, Any], place: list[str], text: str) -> None:
    for part in place[:-1]:
        words = words.setdefault(part, {})
    words[place[-1]] = text


def _move(running: Any, root: Path) -> None:
    """Lets a Chainlit that was imported before us, as by ``chainlit run``, stand here after all."""
    running.config_file = str(root / ".chainlit" / "config.toml")
    running.config_dir = str(root / ".chainlit")
    running.config_translation_dir = str(root / ".chainlit" / "translations")
    running.public_dir = str(root / "public")
    running.APP_ROOT = str(root)
    server = sys.modules.get("chainlit.server")
    if server is not None:
        server.__dict__.update(APP_ROOT=str(root), public_dir=str(root / "public"))
    run = running.config.run
    running.reload_config()
    running.config.root = str(root)
    running.config.run = run


def close() -> None:
    """Removes the folder with every upload in it."""
    while _held:
        held = _held.pop()
        shutil.rmtree(Path(held.lock_file).parent, ignore_errors=True)
        held.release()
