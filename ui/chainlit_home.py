"""The app root of Chainlit: a per-process folder with our config, translations and elements.

Chainlit writes uploads, translations and settings to its app root, reads the environment at import,
and empties the root at exit: two servers must not share one.
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
from messages import LANGUAGES, say

from .page_script import script_facts

HERE = Path(__file__).resolve().parent
LOCK = "in-use.lock"
# Chainlit wants one file per element; ours are joined from several parts.
ELEMENTS = {
    "Job": ("shared.jsx", "progress.jsx", "details.jsx", "table.jsx", "job.jsx"),
    "Jobs": ("shared.jsx", "jobs.jsx"),
    "Reading": ("shared.jsx", "reading.jsx"),
    "Sources": ("sources.jsx",),
}
# Keys of Chainlit's translations that we replace, with our message codes.
_WORDS = {
    "chat.input.placeholder": "page.ask_here",
    "chat.watermark": "page.watermark",
    "chat.commands.button": "page.s_commands",
    "chat.settings.title": "page.s_settings",
    "auth.login.form.email.label": "page.user",
}
_CHINESE = ("zh-CN", "zh")
_held: list[FileLock] = []  # the kernel releases them even if the process is killed


def settle() -> Path:
    """Creates this process's app root and returns it; call before Chainlit is imported."""
    _clean_environment()
    running = sys.modules.get("chainlit.config")
    if not _held:
        root = _fresh_folder()
        _fill(root)
        os.environ["CHAINLIT_APP_ROOT"] = str(root)
    root = Path(os.environ["CHAINLIT_APP_ROOT"])
    if running is not None and Path(running.APP_ROOT) != root:
        _move(running, root)
    return root


def _clean_environment() -> None:
    """Removes variables that would switch on Chainlit's database or cloud service."""
    for name in ("DATABASE_URL", "LITERAL_API_KEY"):
        os.environ.pop(name, None)
    # Chainlit would otherwise load a .env file from the current directory.
    os.environ.setdefault("CHAINLIT_ENV_FILE", ".qa3-reads-no-env-file")


def _fresh_folder() -> Path:
    """A new folder, locked by this process; removes those of processes that have ended."""
    pages = user_folder("cache") / "page"
    pages.mkdir(parents=True, exist_ok=True)
    with FileLock(pages / "making.lock"):  # a new folder is not yet locked
        _remove_abandoned(pages)
        root = Path(tempfile.mkdtemp(prefix="server-", dir=pages))
        held = FileLock(root / LOCK)
        held.acquire()
    _held.append(held)
    return root


def _remove_abandoned(pages: Path) -> None:
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
    (root / ".chainlit" / "config.toml").write_text(
        (HERE / "chainlit.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (root / "chainlit.md").write_text("", encoding="utf-8")
    _write_elements(root / "public" / "elements")
    _write_translations(root / ".chainlit" / "translations")
    script = root / "public" / "qa3.js"
    script.write_text(script_facts() + script.read_text(encoding="utf-8"), encoding="utf-8")
    with (root / "public" / "qa3.css").open("a", encoding="utf-8") as css:
        for language in LANGUAGES:
            text = json.dumps(say("page.welcome", language), ensure_ascii=False)
            css.write(f"\n:lang({language}) #welcome-screen::before {{ content: {text}; }}\n")


def _write_elements(folder: Path) -> None:
    folder.mkdir()
    for name, parts in ELEMENTS.items():
        code = "\n".join(
            (HERE / "elements" / part).read_text(encoding="utf-8") for part in dict.fromkeys(parts)
        )
        (folder / f"{name}.jsx").write_text(code, encoding="utf-8")


def _write_translations(folder: Path) -> None:
    """Writes Chainlit's English and Chinese translations with our texts; leaves other languages."""
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
    """Points a Chainlit that was imported earlier, as by ``chainlit run``, to our app root."""
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
