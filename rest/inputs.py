"""What a request is about, read and split before anything is asked, within the bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from langchain_core.documents import Document

from chains import Inputs, Resolved, RunInput, Text, read_for
from loaders import LoadError, load

from .errors import RestError
from .schemas import FilesInput, TextInput
from .uploads import Uploads, naming_formats


def read_input(given: str | TextInput | FilesInput, uploads: Uploads, resolved: Resolved) -> Inputs:
    """The chunks of a text or of uploads.

    Args:
        given: As a client sent it.
        uploads: Where its files are.
        resolved: The settings in force.

    Raises:
        SaidError: An upload is not there, or nothing can be read in a file.
    """
    if isinstance(given, str):
        return read_for(resolved, [Text(text=given)])
    if isinstance(given, TextInput):
        return read_for(resolved, [Text(text=given.text, name=given.name)])
    return read_for(resolved, documents_of(given.files, uploads))


def documents_of(files: Sequence[str], uploads: Uploads) -> list[RunInput]:
    """The Documents of uploads, each under the name its client gave it.

    Args:
        files: Their ids.
        uploads: Where they are.

    Raises:
        SaidError: One is not there, cannot be read, or has too many pages.
    """
    if len(files) > uploads.limits.files:
        raise RestError("rest.too_many_files", most=uploads.limits.files)
    found = [uploads.find(file) for file in files]
    return [list(_pages(path, one.name, uploads.limits.pages)) for one, path in found]


def _pages(path: Path, name: str, most: int) -> Iterator[Document]:
    """The pages of a file as they are read, so that reading ends where there are too many."""
    with naming_formats():
        for count, document in enumerate(load(path, name=name), 1):
            _check_pages(count, name, most)
            yield document


def _check_pages(count: int, name: str, most: int) -> None:
    if count > most:
        raise LoadError("load.too_many_pages", file=name, pages=f"> {most}", most=most)
