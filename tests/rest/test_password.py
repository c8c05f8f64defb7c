"""Encrypted documents over HTTP: their password opens them and is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

PASSWORD = "open-sesame-4711"


def test_a_password_opens_uploads_and_is_kept_nowhere(
    start: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    path = tmp_path / "locked.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption(PASSWORD, "owner"))
    canvas.drawString(72, 700, "The Dene bridge was opened in 1911 by Ann Moss.")
    canvas.save()
    client = start()
    content = path.read_bytes()
    sent = client.post("/files", files={"file": ("locked.pdf", content)}).json()
    file = sent["files"][0]["id"]
    refused = client.post("/jobs", json={"files": [file]})
    assert refused.json()["code"] == "load.password_needed"
    assert "--" not in refused.text
    wrong = client.post("/jobs", json={"files": [file], "password": "wrong"})
    assert wrong.json()["code"] == "load.password_wrong"
    begun = client.post("/jobs", json={"files": [file], "password": PASSWORD, "check": "off"})
    assert begun.status_code == 202
    form = {"password": PASSWORD, "check": "off"}
    also = client.post("/jobs", files={"file": ("locked.pdf", content)}, data=form)
    assert also.status_code == 202
    answered = client.post(
        "/pairs/invoke", json={"input": {"files": [file], "password": PASSWORD, "check": "off"}}
    )
    assert answered.status_code == 200
    events = client.get(f"/jobs/{begun.json()['id']}/events")
    bad = client.post("/jobs", json={"files": [file], "password": PASSWORD, "density": "none"})
    assert bad.status_code == 422
    for told in (begun, also, answered, events, bad, client.get("/jobs")):
        assert PASSWORD not in told.text
    written = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert any(one.suffix == ".sqlite" for one in written)
    assert not [one for one in written if PASSWORD.encode() in one.read_bytes()]
