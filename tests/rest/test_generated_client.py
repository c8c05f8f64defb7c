"""A client that openapi-python-client writes from the description does the main jobs."""

from __future__ import annotations

import importlib
import pkgutil
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"


def test_a_generated_client_works(
    client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = tmp_path / "openapi.json"
    description.write_bytes(client.get("/openapi.json").content)
    package = tmp_path / "generated_for_qa3"
    config = Config.from_sources(
        ConfigFile(post_hooks=[]), MetaType("none"), description, "utf-8", False, package
    )
    assert generate(config=config) == []
    monkeypatch.syspath_prepend(tmp_path)
    root = importlib.import_module(package.name)
    modules: dict[str, Any] = {
        one.name.removeprefix(f"{package.name}."): importlib.import_module(one.name)
        for one in pkgutil.walk_packages(root.__path__, f"{package.name}.")
    }
    models = modules["models"]
    with root.Client(str(client.base_url), raise_on_unexpected_status=True) as generated:

        def call(path: str, **given: Any) -> Any:
            return modules[f"api.{path}"].sync(client=generated, **given)

        invoked = call("pairs.invoke_pairs_invoke_post", body=models.Invoke(input_=CHINESE))
        assert len(invoked.output.kept) == 2
        text = models.TextInput(text=CHINESE, temperature=0.2)
        job = call("jobs.begin_jobs_post", body=text)
        assert call("jobs.one_jobs_job_get", job=job.id).backend == "chatglm3"
        file = modules["types"].File(BytesIO(CHINESE.encode()), file_name="桥.txt")
        form = models.UploadFilesPostBody(file=[file])
        (sent,) = call("uploads.upload_files_post", body=form).files
        assert sent.name == "桥.txt"
        asked = models.Question(question="谁造了赵州桥？", model=2)
        assert call("dialogue.ask_ask_post", body=asked).answer
        refused = call(
            "dialogue.ask_ask_post",
            body=models.Question(question=" "),
            accept_language="zh",
        )
        assert "请求" in refused.detail
