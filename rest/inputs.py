"""Loads and splits the input of a request, within the service's limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from langchain_core.documents import Document

from chains import Inputs, Resolved, RunInput, Text, read_for
from loaders import LoadError, load

from .errors import RestError
from .schemas import FilesInput, TextInput
from .uploads import Uploads, listing_formats


def read_input(given: str | TextInput | FilesInput, uploads: Uploads, resolved: Resolved) -> Inputs:
    """The chunks of a text or of uploaded files.

    Args:
        given: The input as the client sent it.
        uploads: The upload store that holds its files.
        resolved: The settings in force.

    Raises:
        SaidError: An upload does not exist, or a file has no readable text.
    """
    if isinstance(given, str):
        return read_for(resolved, [Text(text=given)])
    if isinstance(given, TextInput):
        return read_for(resolved, [Text(text=given.text, name=given.name)])
    password = given.password.get_secret_value() if given.password else None
    include = resolved.settings.included
    return read_for(resolved, documents_of(given.files, uploads, include, password))


def documents_of(
    files: Sequence[str],
    uploads: Uploads,
    include: Collection[str] = (),
    password: str | None = None,
) -> list[RunInput]:
    """The LangChain Documents of uploads, one stream per file, with the client's file names.

    Args:
        files: Upload ids.
        uploads: The upload store.
        include: What is read beside what a reader sees, as for ``load``.
        password: Opens those that are encrypted.

    Raises:
        SaidError: An upload does not exist; while its stream is read, that it cannot be read or
            has too many pages.
    """
    if len(files) > uploads.limits.files:
        raise RestError("rest.too_many_files", most=uploads.limits.files)
    found = [uploads.find(file) for file in files]
    most = uploads.limits.pages
    return [_pages(path, file.name, most, include, password) for file, path in found]


def _pages(
    path: Path, name: str, most: int, include: Collection[str], password: str | None
) -> Iterator[Document]:
    """Yields the pages of a file; stops reading as soon as there are too many."""
    with listing_formats():
        pages = load(path, name=name, password=password, include=include)
        for count, document in enumerate(pages, 1):
            _check_pages(count, name, most)
            yield document


def _check_pages(count: int, name: str, most: int) -> None:
    if count > most:
        raise LoadError("load.too_many_pages", file=name, pages=f"> {most}", most=most)
