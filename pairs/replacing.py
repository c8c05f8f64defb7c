"""A file put in another's place, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from .errors import ExportError

__all__ = ["replace_file"]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def replace_file(target: Path, content: Iterable[bytes]) -> None:
    """Writes beside the file first and puts that in its place.

    Args:
        target: Replaced if it is there; its folder must exist.
        content: The file's pieces, in order.

    Raises:
        ExportError: The file cannot be written; what was there before still is.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        # A new file gets the rights that its user gives new files.
        handle = os.open(part, _NEW, 0o600 if target.exists() else 0o666)
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)
