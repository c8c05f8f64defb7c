"""Reads the inputs of a run, files or texts, and splits them into chunks before any call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from loaders import (
    LoadError,
    LoadOptions,
    find_documents,
    load,
    page_start,
    split,
    whole,
    whole_characters,
    whole_text,
)
from loaders.records import Chunk
from pairs.records import Reason
from pairs.text.normalise import normalise

from ..llm.backends import choose
from ..records import SourceFile
from ..settings import Resolved

log = logging.getLogger(__name__)


class Text(BaseModel):
    """A text given as input itself, pasted or sent, with a name.

    Example:
        >>> extract_pairs(Text(text="The bridge opened in 1890.", name="note"))[0].source
        'note'
    """

    model_config = ConfigDict(frozen=True)

    text: str = Field(min_length=1)
    name: str = "text"

    @field_validator("text", "name", mode="before")
    @classmethod
    def _whole(cls, text: object) -> object:
        return whole_characters(text) if isinstance(text, str) else text


class Upload(BaseModel):
    """An uploaded file with the name it had at the client.

    The name is only shown; the file itself is at ``path``.

    Example:
        >>> file = Upload(path="examples/documents/hzmb.pdf", name="大桥.pdf")
        >>> extract_pairs(file, check="off")[0].source
        '大桥.pdf'
    """

    model_config = ConfigDict(frozen=True)

    path: Path
    name: str = Field(min_length=1)

    @field_validator("name", mode="before")
    @classmethod
    def _whole(cls, name: object) -> object:
        return whole_characters(name) if isinstance(name, str) else name


ReadingProgress = Callable[[str, int, int | None], object]
"""Called with a file's name, its pages read so far, and its pages in all where these are known,
when a file is begun and after each page; what it raises ends the reading."""
RunInput = str | Path | Text | Upload | Iterable[Document]


@dataclass
class Inputs:
    """The files of a run, their chunks in order, and the files that could not be read.

    Attributes:
        files: The texts, with where their pages begin.
        chunks: Of all files, in order; ``file_of`` gives each one's file.
        file_of: Index into ``files`` for each chunk.
        encodings: Of each file as it was read; empty where it has none.
        warnings: Warnings of the loaders, by file.
        refused: Files of a batch that could not be read; the others go on.
    """

    files: list[SourceFile] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    file_of: list[int] = field(default_factory=list)
    encodings: list[str] = field(default_factory=list)
    warnings: list[tuple[str, Reason]] = field(default_factory=list)
    refused: list[LoadError] = field(default_factory=list)

    def fingerprint(self) -> str:
        """A digest, equal for equal texts under equal names in equal chunks."""
        digest = sha256()
        for chunk in self.chunks:
            digest.update(f"{chunk.id}:{chunk.source}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def checked(self) -> Inputs:
        """These inputs, if there is anything in them.

        Raises:
            LoadError: No input could be read; the first reason, beside it the others.
        """
        if not self.chunks:
            if not self.refused:
                raise LoadError("load.nothing")
            first, *others = self.refused
            first.beside = tuple(others)
            raise first
        return self

    def add(self, more: Inputs) -> None:
        """Adds what was read elsewhere, in order."""
        self.file_of += [len(self.files) + place for place in more.file_of]
        self.files += more.files
        self.chunks += more.chunks
        self.encodings += more.encodings
        self.warnings += more.warnings
        self.refused += more.refused

    def distinct(self) -> tuple[list[int], list[int]]:
        """The chunks to ask about, boilerplate last, and those that repeat another's text."""
        first: dict[str, int] = {}
        in_order = sorted(range(len(self.chunks)), key=lambda at: self.chunks[at].boilerplate)
        texts = {at: normalise(self.chunks[at].text) for at in in_order}
        repeated = [at for at in in_order if first.setdefault(texts[at], at) != at]
        return list(first.values()), repeated


def read_for(
    resolved: Resolved,
    inputs: Iterable[RunInput] | Inputs,
    *,
    password: str | None = None,
    progress: ReadingProgress | None = None,
) -> Inputs:
    """The inputs as chunks of the size that the backend of the settings takes.

    Args:
        resolved: The settings in force.
        inputs: As for ``read_inputs``; ``Inputs`` that were read before are returned as they are.
        password: As for ``read_inputs``.
        progress: As for ``read_inputs``.

    Raises:
        LoadError: No input could be read; the first reason.
        SettingsError: There is no such backend.
    """
    if isinstance(inputs, Inputs):
        return inputs
    settings = resolved.settings
    return read_inputs(
        inputs,
        chunk_size=choose(resolved).chunk_size,
        overlap=settings.overlap,
        include=settings.included,
        password=password,
        progress=progress,
    )


def read_inputs(
    inputs: Iterable[RunInput],
    *,
    chunk_size: int,
    overlap: int,
    include: Collection[str] = (),
    password: str | None = None,
    progress: ReadingProgress | None = None,
) -> Inputs:
    """The inputs as files and chunks.

    Args:
        inputs: Paths of files and folders, uploads, texts, or Documents of any LangChain
            loader.
        chunk_size: Estimated tokens of a chunk.
        overlap: Sentences.
        include: What is read of files beside what a reader sees, as for ``load``.
        password: Opens those that are encrypted; kept nowhere.
        progress: Told of each file and page.

    Raises:
        LoadError: No input could be read; the first reason, beside it the others.
    """
    result = Inputs()
    loading = _Loading(LoadOptions(password, frozenset(include)), progress)
    for source in _sources(inputs, loading):
        began = time.monotonic()
        try:
            if isinstance(source, LoadError):
                raise source
            documents = list(source)
        except LoadError as error:
            log.info("refused: %s, %s", error.fields.get("file", "-"), error.code)
            result.refused.append(error)
            continue
        log.info(
            "read %s: %d pages, %d characters in %.1f s",
            documents[0].metadata.get("source", "-") if documents else "-",
            len(documents),
            sum(len(document.page_content) for document in documents),
            time.monotonic() - began,
        )
        _take(documents, result, chunk_size, overlap)
    return result.checked()


def _sources(
    inputs: Iterable[RunInput], loading: _Loading
) -> Iterator[Iterable[Document] | LoadError]:
    for item in inputs:
        if isinstance(item, Text):
            digest = sha256(item.text.encode("utf-8", "surrogatepass")).hexdigest()
            metadata = {"source": item.name, "sha256": digest, "start": 0}
            yield [Document(page_content=item.text, metadata=metadata)]
        elif isinstance(item, Upload):
            yield loading.of(item.path, item.name)
        elif isinstance(item, str | Path):
            yield from _paths(expanded(Path(item)), loading)
        else:
            yield (_whole(document) for document in item)


def _whole(document: Document) -> Document:
    text, metadata = whole_characters(document.page_content), whole(document.metadata)
    return document.model_copy(update={"page_content": text, "metadata": metadata})


def expanded(path: Path) -> Path:
    """The path with ``~`` expanded; unchanged if there is no such user."""
    try:
        return path.expanduser()
    except (RuntimeError, ValueError):
        return path


def _paths(path: Path, loading: _Loading) -> Iterator[Iterable[Document] | LoadError]:
    if not path.is_dir():
        yield loading.of(path)
        return
    try:
        for found in find_documents(path):
            yield loading.of(found) if isinstance(found, Path) else found
    except LoadError as error:
        yield error


@dataclass(frozen=True)
class _Loading:
    """How files are loaded, and who is told of it."""

    options: LoadOptions
    progress: ReadingProgress | None

    def of(self, path: Path, name: str | None = None) -> Iterator[Document]:
        """The Documents of a file; a generator, so that every error is raised while reading."""
        options = self.options
        given: dict[str, Any] = {"password": options.password, "include": options.include}
        if self.progress is None:
            yield from load(path, name=name, **given)
            return
        whole_count: list[int] = []
        shown = name or path.name
        self.progress(shown, 0, None)
        documents = load(path, name=name, counted=whole_count.append, **given)
        for at, document in enumerate(documents, 1):
            self.progress(shown, at, whole_count[0] if whole_count else None)
            yield document


def _take(documents: list[Document], result: Inputs, chunk_size: int, overlap: int) -> None:
    chunks = list(split(documents, chunk_size=chunk_size, overlap=overlap))
    if not chunks:
        return
    source = chunks[0].source
    for document in documents:
        result.warnings += [(source, warning) for warning in _warnings(document)]
    result.files.append(
        SourceFile(
            source=source,
            sha256=str(documents[0].metadata.get("sha256", "")),
            text=whole_text(documents),
            pages=tuple(filter(None, map(page_start, documents))),
        )
    )
    result.encodings.append(str(documents[0].metadata.get("encoding") or ""))
    result.chunks += chunks
    result.file_of += [len(result.files) - 1] * len(chunks)


def _warnings(document: Document) -> Iterator[Reason]:
    """The warnings of our loaders; other loaders may use that metadata for something else."""
    warnings = document.metadata.get("warnings")
    for warning in warnings if isinstance(warnings, list | tuple) else ():
        with suppress(ValidationError, KeyError):
            reason = Reason.model_validate(warning)
            reason.say()
            yield reason
