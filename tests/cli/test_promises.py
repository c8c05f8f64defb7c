"""What is promised of every list: edits stay, unreadable documents are named, files are safe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.simulated import Simulated
from chains import Jobs, Journal, extract_pairs, leave_out, load_list, reword
from chains.settings import Settings
from cli.main import run
from pairs import PairList

TEXTS = {
    "en": [
        (
            "The Forth Bridge was opened in 1890 by the Prince of Wales. A Scottish firm built it. "
            "It took eight years, and 73 men lost their lives."
        ),
        (
            "It crosses the Firth of Forth near Edinburgh. 54,000 tonnes of steel hold it. "
            "Some two hundred trains pass over it on a weekday."
        ),
        (
            "The bridge is 2,467 metres long. It was painted red in 2011. "
            "UNESCO put it on the list of world heritage four years later."
        ),
    ],
    "zh": [
        "赵州桥由隋朝工匠李春设计建造。公元605年建成通车。它比欧洲同类石桥早一千二百多年。",
        "桥全长64.4米，跨度37.02米。两端各有两个小拱，既省石料又利泄洪。桥面宽约9米。",
        "1961年它被列为第一批全国重点文物保护单位。1991年美国土木工程师学会立碑纪念。",
    ],
}


def asking(server: Simulated) -> list[str]:
    where = ["--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model]
    return [*where, "--chunk-size", "60", "--check", "off"]


def document(folder: Path, language: str, *, more: bool = False) -> Path:
    path = folder / "bridge.txt"
    paragraphs = TEXTS[language] + (TEXTS["zh" if language == "en" else "en"] if more else [])
    path.write_text("\n\n".join(paragraphs), encoding="utf-8")
    return path


def written(path: Path) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row["question"], row["answer"]) for row in rows]


def edited(journal: Journal) -> PairList:
    """The newest job's list after a person reworded its first pair and left its last one out."""
    job = Jobs(journal).all()[0].id
    kept = load_list(journal, job).kept
    assert len(kept) >= 3
    reword(journal, job, kept[0].id, question="Mine? 我的？", answer=kept[0].answer)
    leave_out(journal, job, kept[-1].id)
    return load_list(journal, job)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_is_written_for_a_job_has_its_edits(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.jsonl"
    source = document(tmp_path, language)
    command = ["extract", str(source), "-o", str(out), *asking(server)]
    assert run(command) == 0
    with Journal(Settings().journal) as journal:
        now = edited(journal)
        job = Jobs(journal).all()[0].id
    wanted = [(pair.question, pair.answer) for pair in now.kept]
    assert ("Mine? 我的？", now.kept[0].answer) == wanted[0]
    for again in (command, ["resume", job], ["retry", job]):
        assert run(again) == 0
        assert written(out) == wanted
    assert run(["export", job, "-o", str(out)]) == 0
    assert written(out) == wanted
    capsys.readouterr()
    assert run([*command, "--json", "--quiet"]) == 0
    assert [row["question"] for row in json.loads(capsys.readouterr().out)["kept"]] == [
        question for question, _ in wanted
    ]
    from_python = extract_pairs(
        str(source),
        backend="chatglm3",
        base_url=server.base_url,
        model=server.model,
        chunk_size=60,
        check="off",
    )
    assert from_python.kept == now.kept


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_changed_document_keeps_the_edits_of_its_unchanged_passages(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    source = document(tmp_path, language)
    assert run(["extract", str(source), "-o", str(first), *asking(server)]) == 0
    with Journal(Settings().journal) as journal:
        out = load_list(journal, Jobs(journal).all()[0].id).kept[-1]
        wanted = [(pair.question, pair.answer) for pair in edited(journal).kept]
    document(tmp_path, language, more=True)
    capsys.readouterr()
    assert run(["extract", str(source), "-o", str(second), *asking(server)]) == 0
    assert "2 corrections" in capsys.readouterr().err
    now = written(second)
    assert now[: len(wanted)] == wanted
    assert (out.question, out.answer) not in now
    # What was undone there since stays undone.
    with Journal(Settings().journal) as journal:
        job = Jobs(journal).all()[0].id
        with journal.writing() as db:
            db.execute("DELETE FROM edits WHERE job = ?", (job,))
    assert run(["extract", str(source), "-o", str(second), *asking(server)]) == 0
    assert (out.question, out.answer) in written(second)


@pytest.mark.parametrize(("language", "word"), [("en", "could not be read"), ("zh", "无法读取")])
def test_a_document_that_cannot_be_read_is_named_everywhere(
    language: str, word: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    document(folder, language)
    for number in range(12):
        (folder / f"empty{number:02}.txt").touch()
    speak = ["--lang", language, "extract", str(folder), *asking(server)]
    assert run([*speak, "--dry-run"]) == 1
    assert "empty00.txt" in capsys.readouterr().err
    assert run(speak) == 1
    err = capsys.readouterr().err
    assert "12" in err
    assert word in err
    assert "empty09.txt" in err
    assert "empty11.txt" not in err
    assert run([*speak, "--quiet"]) == 1
    assert "empty00.txt" in capsys.readouterr().err
    with Journal(Settings().journal) as journal:
        job = Jobs(journal).all()[0].id
        assert not load_list(journal, job).complete
        assert len(load_list(journal, job).refused) == 12
    assert run(["--lang", language, "jobs", "show", job]) == 0
    assert "empty11.txt" in capsys.readouterr().out
    assert run(["resume", job]) == 1
    page = tmp_path / "view.html"
    assert run(["--lang", language, "view", job, "-o", str(page)]) == 0
    assert "empty11.txt" in page.read_text(encoding="utf-8")
    assert run([*speak[:3], str(folder / "empty00.txt"), *asking(server)]) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_job_replaces_only_the_file_it_wrote(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.jsonl"
    source = document(tmp_path, language)
    command = ["--lang", language, "extract", str(source), "-o", str(out), *asking(server)]
    assert run(command) == 0
    assert run(command) == 0  # its own
    with Journal(Settings().journal) as journal:
        older = Jobs(journal).all()[0].id
    document(tmp_path, language, more=True)
    first, calls = out.read_bytes(), sum(server.asked.values())
    assert run(command) == 2
    assert older in capsys.readouterr().err
    assert out.read_bytes() == first
    assert sum(server.asked.values()) == calls  # nothing was paid for
    assert run([*command, "--force"]) == 0
    second = out.read_bytes()
    assert second != first
    for again in (["resume", older], ["retry", older], ["export", older, "-o", str(out)]):
        assert run(again) == 2
        assert out.read_bytes() == second


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_list_is_corrected_where_it_was_made(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speak = ["--lang", language]
    assert run([*speak, "show", "latest"]) == 2  # nothing is there yet
    source, out = document(tmp_path, language), tmp_path / "alpaca.json"
    assert run(["extract", str(source), *asking(server)]) == 0
    with Journal(Settings().journal) as journal:
        job = Jobs(journal).all()[0].id
        kept = load_list(journal, job).kept
    assert run([*speak, "edit", "latest", "1", "--question", "Mine? 我的？"]) == 0
    assert run([*speak, "edit", job[:4], kept[1].id, "--leave-out"]) == 0
    capsys.readouterr()
    assert run([*speak, "show", "latest"]) == 0
    shown = capsys.readouterr().out
    assert "1. Mine? 我的？" in shown
    assert kept[1].question not in shown
    assert run([*speak, "export", "latest", "-o", str(out)]) == 0
    rows = json.loads(out.read_text(encoding="utf-8"))
    assert rows[0]["instruction"] == "Mine? 我的？"
    assert len(rows) == len(kept) - 1
    # A number means the same pair after others were left out.
    capsys.readouterr()
    assert run([*speak, "edit", "latest", "2", "--leave-out"]) == 0
    assert kept[1].question in capsys.readouterr().err
    assert run([*speak, "show", "latest"]) == 0
    assert f"3. {kept[2].question}" in capsys.readouterr().out
    assert run([*speak, "edit", "latest", "2", "--undo"]) == 0
    with Journal(Settings().journal) as journal:
        assert len(load_list(journal, job).kept) == len(kept)
    for wrong in ([], ["--keep", "--undo"], ["--answer", "  "]):
        assert run([*speak, "edit", "latest", "1", *wrong]) == 2
    assert run([*speak, "edit", "latest", "999", "--keep"]) == 2
    assert run([*speak, "jobs", "delete", job, "no-such-job"]) == 2
    assert run([*speak, "jobs", "delete", job, "latest"]) == 0
    assert run([*speak, "show", "latest"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_password_opens_a_document_and_is_kept_nowhere(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fpdf import FPDF

    locked = tmp_path / "locked.pdf"
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="open sesame")
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.multi_cell(0, 8, TEXTS["en"][0])
    pdf.output(str(locked))
    command = ["--lang", language, "extract", str(locked), *asking(server)]
    assert run(command) == 2
    assert "locked.pdf" in capsys.readouterr().err
    given = ["--password", "open sesame"]
    assert run([*command, "--dry-run", *given]) == 0
    assert run([*command, *given]) == 0
    with Journal(Settings().journal) as journal:
        place = journal.path
        (job,) = Jobs(journal).all()
        assert load_list(journal, job.id).kept
    for written_to in place.parent.iterdir():
        assert b"sesame" not in written_to.read_bytes()
    assert run(["resume", job.id]) == 0
    pairs = extract_pairs(
        str(locked),
        password="open sesame",
        backend="chatglm3",
        base_url=server.base_url,
        model=server.model,
        check="off",
    )
    assert pairs.kept


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_trainers_list_is_entered_and_every_format_is_merged(
    language: str, server: Simulated, tmp_path: Path
) -> None:
    source = document(tmp_path, language)
    assert run(["extract", str(source), "-o", str(tmp_path / "train.json"), *asking(server)]) == 0
    info = json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))
    assert info["train"]["file_name"] == "train.json"
    lists = []
    for suffix in ("jsonl", "csv", "xlsx", "md"):
        lists.append(str(tmp_path / f"list.{suffix}"))
        assert run(["export", "latest", "-o", lists[-1]]) == 0
    merged = tmp_path / "merged.jsonl"
    assert run(["dedupe", lists[0], "-o", str(merged)]) == 0
    once = written(merged)
    assert run(["dedupe", *lists, str(tmp_path / "train.json"), "-o", str(merged), "--force"]) == 0
    assert written(merged) == once
