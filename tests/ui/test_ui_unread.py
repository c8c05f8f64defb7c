"""The page names the documents of a job that could not be read, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.simulated import Simulated
from chains import Jobs
from cli.main import run
from ui.engine import Engine
from ui.job_view import JobPresenter


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_job_shows_what_it_could_not_read(
    language: str, server: Simulated, tmp_path: Path
) -> None:
    good, empty = tmp_path / "good.txt", tmp_path / "empty.txt"
    good.write_text("The Dene bridge was opened in 1911 by Ann Moss.", encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    asked = ["--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model]
    assert run(["extract", str(good), str(empty), "--check", "off", "--quiet", *asked]) == 1
    engine = Engine()
    try:
        job = Jobs(engine.journal).all()[0].id
        shown = JobPresenter(engine).look(job, {}, language)
    finally:
        engine.close()
    assert shown["unread_count"] == 1
    assert "empty.txt" in shown["unread"][0]
