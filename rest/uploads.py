"""The upload store: client files on disk under generated names, deleted after some hours."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loaders import (
    FORMATS,
    FormatError,
    LoadError,
    recognise_surely,
    whole_characters,
)

from .config import Limits
from .errors import RestError

SUPPORTED_SUFFIXES = " ".join(suffix for one in FORMATS.values() for suffix in one.suffixes)
_KEPT_SUFFIXES = frozenset(SUPPORTED_SUFFIXES.split())
"""Suffixes kept on disk, as a loader may need them; the rest of a client's file name is not."""
LONGEST_NAME = 200  # characters
LEAST_FREE = 100_000_000  # bytes of disk that uploads leave free for the journal
_PART_SECONDS = 3600.0  # after which a partly received file counts as abandoned
_HOUR = 3600.0


class UploadedFile(BaseModel):
    """An uploaded file."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="names it in later requests")
    name: str = Field(description="as the client calls it; shown as the source of pairs")
    bytes: int = Field(ge=0)
    created: float = Field(description="seconds since 1970")


class _Record(UploadedFile):
    """What is saved beside the file."""

    suffix: str = ""


class Uploads:
    """The uploaded files in a folder, each with a JSON record beside it.

    Args:
        folder: Created if it does not exist.
        limits: How many files are kept, and for how long.

    Raises:
        RestError: The folder cannot be created.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.limits = limits
        self._folder = folder
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _failed(error) from error
        self.sweep()

    def check_room(self) -> None:
        """Raises RestError if the upload store is full.

        Raises:
            RestError: It holds as many files as ``limits.stored``, after a sweep.
        """
        if len(list(self._folder.glob("*.json"))) < self.limits.stored:
            return
        self.sweep()
        if len(list(self._folder.glob("*.json"))) >= self.limits.stored:
            raise RestError("rest.uploads_full")

    def check_disk(self) -> None:
        """Raises RestError if the disk is nearly full.

        Raises:
            RestError: Fewer than ``LEAST_FREE`` bytes are free.
        """
        if shutil.disk_usage(self._folder).free < LEAST_FREE:
            raise RestError("rest.uploads_full")

    def new_part(self) -> Path:
        """A new path to receive a file at."""
        return self._folder / f"{secrets.token_hex(8)}.part"

    def add(self, part: Path, name: str) -> UploadedFile:
        """Adds a received file to the store, after a check of its format.

        Args:
            part: Path from ``new_part``; moved into the store, or deleted on failure.
            name: The client's file name.

        Raises:
            LoadError: The file is empty or cannot be read.
            RestError: Its format is not supported, or it cannot be written.
        """
        shown = _display_name(name)
        suffix = Path(shown).suffix.lower()
        record = _Record(
            id=part.stem,
            name=shown,
            bytes=part.stat().st_size,
            created=time.time(),
            suffix=suffix if suffix in _KEPT_SUFFIXES else "",
        )
        path = self._file_path(record)
        try:
            part.replace(path)
            check_format(path, shown)
            self._record_path(record.id).write_text(record.model_dump_json(), encoding="utf-8")
        except OSError as error:
            self._remove(path, part)
            raise _failed(error) from error
        except BaseException:
            self._remove(path, part)
            raise
        return UploadedFile.model_validate(record.model_dump(exclude={"suffix"}))

    def find(self, file: str) -> tuple[UploadedFile, Path]:
        """A file's record and its path on disk.

        Raises:
            RestError: There is no file of that id.
        """
        record = self._read(self._record_path(file)) if file.isalnum() else None
        path = self._file_path(record) if record else None
        if record is None or path is None or not path.is_file():
            hours = f"{self.limits.stored_hours:g}"
            raise RestError("rest.no_file", file=file[:40], hours=hours)
        return UploadedFile.model_validate(record.model_dump(exclude={"suffix"})), path

    def all(self) -> list[UploadedFile]:
        """All files, newest first."""
        records = (self._read(path) for path in self._folder.glob("*.json"))
        files = [
            UploadedFile.model_validate(record.model_dump(exclude={"suffix"}))
            for record in records
            if record
        ]
        return sorted(files, key=lambda file: file.created, reverse=True)

    def delete(self, file: str) -> None:
        """Deletes a file and its record.

        Raises:
            RestError: There is no file of that id.
        """
        _, path = self.find(file)
        self._remove(self._record_path(file), path)

    def sweep(self) -> None:
        """Deletes expired files and abandoned partial ones."""
        now = time.time()
        with self._lock:
            for path in self._folder.iterdir():
                age = now - _modified(path, now)
                most = _PART_SECONDS if path.suffix == ".part" else self.limits.stored_hours * _HOUR
                if age > most:
                    self._remove(path)

    def _file_path(self, record: _Record) -> Path:
        return self._folder / f"{record.id}.file{record.suffix}"

    def _record_path(self, file: str) -> Path:
        return self._folder / f"{file}.json"

    @staticmethod
    def _read(path: Path) -> _Record | None:
        try:
            return _Record.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None

    @staticmethod
    def _remove(*paths: Path) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def check_format(path: Path, name: str) -> None:
    """Raises if a file's format is not supported.

    Raises:
        RestError: It is not; the message lists the supported formats.
        LoadError: The file is empty, or its first bytes show that it cannot be read.
    """
    if path.stat().st_size == 0:
        raise LoadError("load.empty", file=name)
    with listing_formats():
        recognise_surely(path, name)


@contextmanager
def listing_formats() -> Iterator[None]:
    """A context that replaces FormatError by a RestError that lists the supported formats.

    Raises:
        RestError: A file's format is not supported.
    """
    try:
        yield
    except FormatError as error:
        raise RestError("rest.formats", reason=error, known=SUPPORTED_SUFFIXES) from error


def _display_name(name: str) -> str:
    """A client's file name without folders and control characters."""
    last = whole_characters(name).replace("\\", "/").rpartition("/")[2]
    printable = "".join(char if char.isprintable() else " " for char in last).strip()
    return printable[-LONGEST_NAME:] or "upload"


def _modified(path: Path, now: float) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return now


def _failed(error: OSError) -> RestError:
    return RestError("rest.upload_failed", reason=error.strerror or type(error).__name__)
