"""What two machines must have in common to make one list."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path

_PACKAGES = ("chains", "pairs", "loaders", "prompts", "messages")


@cache
def versions() -> dict[str, str]:
    """The version of Python, and a digest of qa3's own files, as they are on this machine."""
    digest = sha256()
    for name in _PACKAGES:
        folder = Path(str(import_module(name).__file__)).parent
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".yaml", ".json"):
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "qa3": digest.hexdigest()[:12]}
