"""Documents of a LangChain community loader go through the splitter and the run as they are."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from bench.simulated import Simulated
from chains import extract_pairs
from loaders import split

ROWS = {
    "zh": "问题,说明\n赵州桥,赵州桥由隋朝工匠李春设计建造。\n卢沟桥,卢沟桥始建于1189年。\n",
    "en": "name,note\nForth,The Forth Bridge was opened in 1890.\nTay,The Tay Bridge is long.\n",
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_community_loader_fits(language: str, server: Simulated, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        # The package is archived and says so at import; nothing of ours imports it.
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_community.document_loaders import CSVLoader
    file = tmp_path / "bridges.csv"
    file.write_text(ROWS[language], encoding="utf-8")
    documents = CSVLoader(str(file), encoding="utf-8").load()
    assert len(documents) == 2
    chunks = list(split(documents))
    assert all(chunk.source == str(file) for chunk in chunks)
    result = extract_pairs(
        documents, backend="chatglm3", base_url=server.base_url, model=server.model
    )
    assert result.complete
    assert len(result.kept) >= 2
    assert {pair.source for pair in result.kept} == {str(file)}
