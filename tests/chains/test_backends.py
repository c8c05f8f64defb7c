"""What a settings file says of a backend is what is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.simulated import Simulated
from chains import extract_pairs
from chains.llm.backends import choose
from chains.run.inputs import Text
from chains.settings import resolve

CHINESE = Text(text="赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。")
ENGLISH = Text(text="The Forth Bridge was opened in 1890. It crosses the Firth of Forth.")


def settings_file(folder: Path, server: Simulated, more: str = "") -> Path:
    file = folder / "qa3.toml"
    file.write_text(
        f'[backends.mine]\nbase_url = "{server.base_url}"\nmodel = "simulated"\n{more}',
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
@pytest.mark.parametrize("schema", [True, False])
def test_a_json_schema_is_asked_for_and_given_up_quietly(
    text: Text, schema: bool, tmp_path: Path
) -> None:
    with Simulated(schema=schema) as server:
        file = settings_file(tmp_path, server, "response_format = true\nconcurrency = 4\n")
        result = extract_pairs(text, backend="mine", config=file)
        assert len(result.kept) == 2
        assert result.complete
        assert sum(server.asked.values()) == (1 if schema else 2)
        again = extract_pairs(text, backend="mine", config=file)
        assert again.kept == result.kept
        assert sum(server.calls.values()) == 1


def test_limits_stand_in_the_backends_table_and_a_flag_goes_before_them(
    server: Simulated, tmp_path: Path
) -> None:
    file = settings_file(tmp_path, server, "requests_per_minute = 30\ntokens_per_minute = 9000\n")
    written = choose(resolve({"backend": "mine"}, file))
    assert (written.requests_per_minute, written.tokens_per_minute) == (30, 9000)
    flagged = choose(resolve({"backend": "mine", "requests_per_minute": 60}, file))
    assert (flagged.requests_per_minute, flagged.tokens_per_minute) == (60, 9000)
