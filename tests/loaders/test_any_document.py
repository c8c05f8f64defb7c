"""Documents with any text and metadata end in a job's tables, or in errors of ours."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from chains.journal.database import Database
from chains.journal.documents import load_documents, save_documents
from chains.run.inputs import RunInput, Text, Upload, read_inputs
from loaders import LoadError, split
from loaders.pages import Heading, Page, to_documents

_JOB = (
    "INSERT INTO jobs (id, fingerprint, state, settings, backend, created, updated)"
    " VALUES (?, '', 'running', '{}', '{}', 0, 0)"
)
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.lists(
        st.sampled_from(["\ud83d", "\ude00", "\udcff", "的。", "\0", "# H\n", "\n\n", "|a|b|\n"]),
        max_size=9,
    ).map("".join),
)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXTS, st.binary(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=2)
    ),
    max_leaves=5,
)
_NAMES = "source sha256 start page title headings outline warnings encoding".split()
_ANY: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.one_of(st.sampled_from(_NAMES), _TEXTS), _VALUES, max_size=5
)
_LIKE_OURS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"source": _TEXTS, "sha256": _TEXTS, "start": st.integers(-1, 50)},
    optional={
        "page": st.integers(-1, 5),
        "title": _TEXTS,
        "outline": st.lists(
            st.tuples(st.integers(-3, 60), st.integers(-1, 9), _TEXTS).map(list), max_size=3
        ),
        "warnings": st.lists(st.fixed_dictionaries({"code": _TEXTS}), max_size=2),
    },
)
_DOCUMENTS = st.builds(
    lambda text, metadata: Document(page_content=text, metadata=metadata),
    _TEXTS,
    st.one_of(_ANY, _LIKE_OURS),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(tmp_path_factory.mktemp("any") / "journal.db")


@settings(max_examples=100, deadline=None)
@given(st.lists(_DOCUMENTS, min_size=1, max_size=4), _TEXTS, st.integers(0, 2))
def test_any_document_is_read_or_refused(
    database: Database, documents: list[Document], name: str, overlap: int
) -> None:
    for chunk in split(documents, chunk_size=30, overlap=overlap):
        chunk.model_dump_json()
    inputs = None
    with suppress(LoadError):
        more: list[RunInput] = [f"no{name}", f"~no{name}", Text(text="好。", name=name)]
        more.append(Upload(path=Path("gone"), name=name or "a"))
        inputs = read_inputs([documents, *more], chunk_size=30, overlap=overlap)
    if inputs is None:
        return
    inputs.fingerprint()
    job = uuid4().hex
    for _, warning in inputs.warnings:
        warning.say("zh")
    for error in inputs.refused:
        assert error.say("zh").encode()
    with database.writing() as db:
        db.execute(_JOB, (job,))
    save_documents(database, job, inputs.files, zip(inputs.file_of, inputs.chunks, strict=True))
    files, chunks = load_documents(database, job)
    assert files == inputs.files
    assert [chunk for _, chunk in chunks] == inputs.chunks


def test_half_a_character_in_a_heading_a_title_or_a_name_is_made_whole() -> None:
    heading = Heading(0, 1, "第\ud83d章")
    pages = [Page("第一。", 1, headings=(heading,), notes={"title": "t\ud800"})]
    documents = list(to_documents(pages, "a\udcff.pdf", "0" * 64))
    assert documents[0].metadata["outline"] == [[0, 1, "第\ufffd章"]]
    (chunk,) = split(documents)
    assert (chunk.source, chunk.headings) == ("a\ufffd.pdf", ("第\ufffd章",))
    assert "t\ufffd" in chunk.context
    assert chunk.model_dump_json()
