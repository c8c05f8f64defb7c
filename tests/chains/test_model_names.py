"""The models that are known by a short name, at hubs that know their makers by different ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from chains.errors import WeightsError
from chains.models import folders as model_folders
from chains.models import hubs
from chains.models.folders import CHATGLM, download_named
from chains.models.hubs import Hub, HubFile

FACE = Hub(kind="huggingface", root="http://face")
SCOPE = Hub(kind="modelscope", root="http://scope")


def listed(*paths: str) -> list[HubFile]:
    return [HubFile(path=path, size=1, digest="0" * 64) for path in paths]


FILES = listed(
    "config.json",
    "tokenizer.model",
    "modeling_chatglm.py",
    "model.safetensors.index.json",
    "model-00001-of-00007.safetensors",
    "pytorch_model-00001-of-00007.bin",
    "pytorch_model.bin.index.json",
    "README.md",
)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    addresses: list[str] = []
    monkeypatch.setattr(
        "chains.models.download.fetch", lambda address, *_: addresses.append(address)
    )
    return addresses


def known(monkeypatch: pytest.MonkeyPatch, **names: Hub | None) -> None:
    """Makes owners known at hubs; None for one that no hub answers about."""

    def first(repository: str) -> tuple[Hub, list[HubFile]] | None:
        hub = names.get(repository.partition("/")[0], "unknown")
        if hub == "unknown":
            raise LookupError(SCOPE.root)
        return (hub, FILES) if isinstance(hub, Hub) else None

    monkeypatch.setattr(hubs, "first_with_model", first)


@pytest.mark.parametrize("name", ["chatglm3-6b", "ChatGLM3-6B", CHATGLM])
def test_chatglm3_comes_from_the_hub_that_has_it(
    name: str, fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, THUDM=FACE)
    assert download_named(name, folder=tmp_path) == tmp_path
    root = "http://face/THUDM/chatglm3-6b/resolve/main/"
    assert [address.removeprefix(root) for address in fetched] == [
        "config.json",
        "tokenizer.model",
        "model-00001-of-00007.safetensors",
        "model.safetensors.index.json",
    ]


@pytest.mark.parametrize("face", ["silent", "unknown"])
def test_chatglm3_is_found_under_modelscopes_name(
    face: str, fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent: dict[str, Hub | None] = {"THUDM": None} if face == "silent" else {}
    known(monkeypatch, ZhipuAI=SCOPE, **silent)
    download_named("chatglm3-6b-32k", folder=tmp_path)
    assert fetched[0] == ("http://scope/models/ZhipuAI/chatglm3-6b-32k/resolve/master/config.json")


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"THUDM": None, "ZhipuAI": None}, "weights.no_hub_folder"),
        ({}, "weights.not_published"),
    ],
)
def test_where_no_hub_has_it_that_is_said(
    names: dict[str, Hub | None], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, **names)
    with pytest.raises(WeightsError) as said:
        download_named("chatglm3-6b", folder=tmp_path)
    assert said.value.code == code


def test_an_unknown_short_name_lists_the_known_ones() -> None:
    with pytest.raises(WeightsError) as said:
        download_named("bert")
    for name in model_folders.NAMED:
        assert name.rpartition("/")[2] in said.value.say("zh")
