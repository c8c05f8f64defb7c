"""Files that clients sent, kept on disk under names of ours until they are used or grow old."""

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
    LEGACY_SUFFIXES,
    FormatError,
    LoadError,
    recognise,
    whole_characters,
)

from .config import Limits
from .errors import RestError

READ = " ".join(suffix for one in FORMATS.values() for suffix in one.suffixes)
_SUFFIXES = frozenset([*READ.split(), *LEGACY_SUFFIXES])
"""A reader may need the suffix; nothing else of a client's file name reaches the disk."""
LONGEST_NAME = 200  # characters
LEAST_FREE = 100_000_000  # bytes of disk that uploads leave to the journal
_OLD_PART = 3600.0  # seconds after which a half-received file is nobody's
_HOUR = 3600.0


class UploadedFile(BaseModel):
    """A file that was sent."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="names it in later requests")
    name: str = Field(description="as the client calls it; shown as the source of pairs")
    bytes: int = Field(ge=0)
    created: float = Field(description="seconds since 1970")


class _Kept(UploadedFile):
    suffix: str = ""


class Uploads:
    """The files in a folder, each beside a small record.

    Args:
        folder: Made if it is not there.
        limits: How many, and for how long.

    Raises:
        RestError: The folder cannot be made.
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
        """Nothing, where one more may come.

        Raises:
            RestError: There are too many, or the disk is nearly full.
        """
        if len(list(self._folder.glob("*.json"))) < self.limits.stored:
            return
        self.sweep()
        if len(list(self._folder.glob("*.json"))) >= self.limits.stored:
            raise RestError("rest.uploads_full")

    def check_disk(self) -> None:
        """Nothing, where the disk has room left.

        Raises:
            RestError: It has not.
        """
        if shutil.disk_usage(self._folder).free < LEAST_FREE:
            raise RestError("rest.uploads_full")

    def new_part(self) -> Path:
        """Where the next file is received."""
        return self._folder / f"{secrets.token_hex(8)}.part"

    def take(self, part: Path, name: str) -> UploadedFile:
        """A received file under its id, once it is known that it can be read.

        Args:
            part: From ``new_part``; gone afterwards, whatever happens.
            name: The client's.

        Raises:
            LoadError: Its format is not read.
            RestError: Likewise, with the formats that are; or the disk is full.
        """
        shown = _shown(name)
        suffix = Path(shown).suffix.lower()
        kept = _Kept(
            id=part.stem,
            name=shown,
            bytes=part.stat().st_size,
            created=time.time(),
            suffix=suffix if suffix in _SUFFIXES else "",
        )
        place = self._place(kept)
        try:
            part.replace(place)
            check_format(place, shown)
            self._record(kept.id).write_text(kept.model_dump_json(), encoding="utf-8")
        except OSError as error:
            self._remove(place, part)
            raise _failed(error) from error
        except BaseException:
            self._remove(place, part)
            raise
        return UploadedFile.model_validate(kept.model_dump(exclude={"suffix"}))

    def find(self, file: str) -> tuple[UploadedFile, Path]:
        """A file's record, and where it lies.

        Raises:
            RestError: There is none of that id.
        """
        kept = self._read(self._record(file)) if file.isalnum() else None
        if kept is None or not self._place(kept).is_file():
            hours = f"{self.limits.stored_hours:g}"
            raise RestError("rest.no_file", file=file[:40], hours=hours)
        return UploadedFile.model_validate(kept.model_dump(exclude={"suffix"})), self._place(kept)

    def all(self) -> list[UploadedFile]:
        """Every file, the newest first."""
        records = (self._read(path) for path in self._folder.glob("*.json"))
        files = [
            UploadedFile.model_validate(one.model_dump(exclude={"suffix"}))
            for one in records
            if one
        ]
        return sorted(files, key=lambda one: one.created, reverse=True)

    def delete(self, file: str) -> None:
        """Takes a file away.

        Raises:
            RestError: There is none of that id.
        """
        _, place = self.find(file)
        self._remove(self._record(file), place)

    def sweep(self) -> None:
        """Takes away what is older than uploads are kept, and what was never received whole."""
        now = time.time()
        with self._lock:
            for path in self._folder.iterdir():
                age = now - _changed(path, now)
                most = _OLD_PART if path.suffix == ".part" else self.limits.stored_hours * _HOUR
                if age > most:
                    self._remove(path)

    def _place(self, kept: _Kept) -> Path:
        return self._folder / f"{kept.id}.file{kept.suffix}"

    def _record(self, file: str) -> Path:
        return self._folder / f"{file}.json"

    @staticmethod
    def _read(path: Path) -> _Kept | None:
        try:
            return _Kept.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None

    @staticmethod
    def _remove(*paths: Path) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def check_format(place: Path, name: str) -> None:
    """Nothing, where a file's format is read.

    Raises:
        RestError: It is not, with the formats that are.
        LoadError: It can be told from its first bytes that nothing can be read.
    """
    if place.stat().st_size == 0:
        raise LoadError("load.empty", file=name)
    with naming_formats():
        recognise(place, name)


@contextmanager
def naming_formats() -> Iterator[None]:
    """Whoever sends a file in a format that is not read is told those that are.

    Raises:
        RestError: Such a file was met.
    """
    try:
        yield
    except FormatError as error:
        raise RestError("rest.formats", reason=error, known=READ) from error


def _shown(name: str) -> str:
    """A client's name for a file, without folders and control characters."""
    last = whole_characters(name).replace("\\", "/").rpartition("/")[2]
    printable = "".join(char if char.isprintable() else " " for char in last).strip()
    return printable[-LONGEST_NAME:] or "upload"


def _changed(path: Path, now: float) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return now


def _failed(error: OSError) -> RestError:
    return RestError("rest.upload_failed", reason=error.strerror or type(error).__name__)
