"""Loads files as LangChain Documents, recognised by content."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Collection, Iterator
from hashlib import sha256
from pathlib import Path

from langchain_core.documents import Document

from . import formats
from .characters import whole_characters
from .encoding import begins_as_text
from .errors import FormatError, LoadError
from .formats import Format
from .options import INCLUDABLE, LoadOptions
from .pages import Page, to_documents

log = logging.getLogger(__name__)
MOST_BYTES = 1 << 30
"""Larger files are refused: 1 GiB of text is some three hundred novels' worth of questions."""


def load(
    path: str | Path,
    *,
    password: str | None = None,
    name: str | None = None,
    include: Collection[str] = (),
    counted: Callable[[int], object] | None = None,
) -> Iterator[Document]:
    """The Documents of a file, a page at a time.

    The file's whole text is its Documents' ``page_content`` joined by ``PAGE_SEPARATOR``; each
    Document's ``metadata["start"]`` is its place in it.

    Args:
        path: A file; for a folder see ``find_documents``.
        password: Opens an encrypted PDF.
        name: What the file goes by in metadata and messages; None for its path.
        include: Words of ``INCLUDABLE``, for what is left out otherwise.
        counted: Called with the number of pages before the first one, where a PDF tells it.

    Raises:
        LoadError: At the call where a word of ``include`` is unknown, or the file is missing,
            unreadable, too large or of an unknown format; while reading where its content turns
            out broken.

    Example:
        >>> pages = list(load("examples/documents/hzmb.pdf"))
        >>> pages[0].metadata["page"], pages[0].page_content[:7]
        (1, '港珠澳大桥：连')
    """
    file = whole_characters(name or str(path))
    unknown = next((word for word in include if word not in INCLUDABLE), None)
    if unknown is not None:
        raise LoadError("load.include", word=str(unknown), words=", ".join(INCLUDABLE))
    options = LoadOptions(password, frozenset(include), counted)
    check_file(Path(path), file)
    form = recognise(Path(path), file)
    log.debug("%s: read as %s", file, form.name)
    if form.apart:
        from .worker.reading import read_apart

        pages = read_apart(Path(path), file, form, options)
    else:
        pages = form.read(Path(path), file, options)
    return to_documents(_not_blank(pages, file), file, file_digest(Path(path), file))


def recognise(path: Path, file: str) -> Format:
    """The format a file is in; archives are looked at in another process.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        FormatError: No reader knows the format.
        LoadError: The file cannot be read, or is broken.
    """

    def look(path: Path, file: str) -> str:
        from .worker.reading import zip_kind_apart

        return zip_kind_apart(path, file)

    return formats.recognise(path, file, look)


def recognise_surely(path: Path, file: str) -> Format:
    """As ``recognise``; a file of which nothing but its name tells the format has to be text.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        FormatError: No reader knows the format, or the file begins with what is no text.
        LoadError: The file cannot be read, or is broken.
    """
    form = recognise(path, file)
    if form.name in formats.TOLD_BY_NAME and not begins_as_text(path, file):
        raise FormatError("load.not_text", file=file)
    return form


def find_documents(folder: str | Path) -> Iterator[Path | LoadError]:
    """The files below a folder in sorted order; a LoadError for each that cannot be a document.

    Args:
        folder: Searched with its subfolders; hidden files and folders are passed over, and links
            to folders are not followed, nor links to files elsewhere.

    Raises:
        LoadError: The folder is missing or cannot be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise LoadError("load.folder_missing", file=whole_characters(str(folder)))

    def refuse(error: OSError) -> None:
        raise LoadError("load.unreadable", file=whole_characters(str(error.filename))) from error

    for place, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in names if not name.startswith(".")):
            path = Path(place) / name
            try:
                _check_inside(path, root)
                file = whole_characters(str(path))
                check_file(path, file)
                recognise(path, file)
            except LoadError as error:
                yield error
            else:
                yield path


def _check_inside(path: Path, root: Path) -> None:
    """Refuses symbolic links out of a folder, so that its author cannot have other files read."""
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root.resolve()):
        raise LoadError("load.link_outside", file=whole_characters(str(path)))


def check_file(path: Path, file: str) -> None:
    """Passes for an ordinary, not empty file.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is none, or too large.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LoadError("load.missing", file=file) from error
    except (OSError, ValueError) as error:
        raise LoadError("load.unreadable", file=file) from error
    if stat.S_ISDIR(status.st_mode):
        raise LoadError("load.is_folder", file=file)
    if not stat.S_ISREG(status.st_mode):
        raise LoadError("load.not_a_file", file=file)
    if status.st_size == 0:
        raise LoadError("load.empty", file=file)
    if status.st_size > MOST_BYTES:
        raise LoadError("load.too_large", file=file, megabytes=status.st_size >> 20)


def file_digest(path: Path, file: str) -> str:
    """The SHA-256 of a file, as hex digits.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It cannot be read.
    """
    digest = sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise LoadError("load.unreadable", file=file) from error
    return digest.hexdigest()


def _not_blank(pages: Iterator[Page], file: str) -> Iterator[Page]:
    """The pages unchanged; raises at the end where all were blank."""
    blank = True
    for page in pages:
        blank = blank and not page.text.strip()
        yield page
    if blank:
        raise LoadError("load.blank", file=file)
