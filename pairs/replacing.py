"""A file put in another's place, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from .errors import ExportError

__all__ = ["replace_file"]


def replace_file(target: Path, content: Iterable[bytes]) -> None:
    """Writes beside the file first and puts that in its place.

    Args:
        target: Replaced if it is there; its folder must exist.
        content: The file's pieces, in order.

    Raises:
        ExportError: The file cannot be written; what was there before still is.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
        part.chmod(_mode(target))
        part.replace(target)
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)


def _mode(target: Path) -> int:
    """The rights of the file to be replaced, else what a new one gets: owner writes, all read."""
    return target.stat().st_mode & 0o777 if target.exists() else 0o644
