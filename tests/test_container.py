"""Dockerfile and compose.yaml by the rules they are to keep; no container engine is needed.

``.ci/container_steps.py`` runs the Dockerfile's steps in a bare Debian root.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from container_steps import included, instructions

from chains.llm.backends import choose
from chains.settings import resolve
from cli.main import build_app

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = list(instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SECRET = re.compile(r"KEY|TOKEN|PASSWORD|SECRET")


def test_the_dockerfile_builds_on_pinned_images_and_runs_without_root() -> None:
    bases = [rest.split()[0] for name, rest in DOCKERFILE if name == "FROM"]
    assert len(set(bases)) == 1
    for base in bases:  # of the engine's own registry, at one version
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", base)
    last = dict(DOCKERFILE)
    user, _, group = last["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert last["VOLUME"] == "/data"
    for name in ("ENTRYPOINT", "CMD"):
        assert json.loads(last[name])
    assert json.loads(last["HEALTHCHECK"].partition("CMD")[2])
    names = [name for name, _ in DOCKERFILE]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")
    assert not {"ADD", "MAINTAINER"} & set(names)


def test_no_layer_holds_a_secret_or_what_a_build_does_not_need() -> None:
    for name, rest in DOCKERFILE:
        assert name not in ("ARG", "ENV") or not SECRET.search(rest), rest
        if name == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists" in rest
        assert name != "RUN" or "pip install" not in rest or "--no-cache-dir" in rest
        assert not re.search(r"https?://(?!127\.0\.0\.1)", rest)
    inside = {path.relative_to(ROOT).parts[0] for path in included(ROOT)}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
    doors = {path.name for path in ROOT.glob("app_*.py")}
    assert inside == rooms | doors | {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["user"] == dict(DOCKERFILE)["USER"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "devices"} & service.keys()
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")
    written = [one for one in service["volumes"] if not one.endswith(":ro")]
    assert written == ["data:/data"]
    assert "/" not in service["image"]
    for variable, value in service["environment"].items():
        assert value == f"${{{variable}:-}}"
    assert name == "qa3" or service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_with_a_command_there_is(name: str) -> None:
    command, *given = SERVICES[name]["command"]
    group: Any = typer.main.get_command(build_app("en"))
    known = {option for one in group.commands[command].params for option in one.opts}
    assert {one for one in given if one.startswith("--")} <= known


def test_the_card_is_asked_for_by_a_profile_and_its_settings_name_the_endpoint(
    tmp_path: Path,
) -> None:
    card = SERVICES["endpoint"]
    assert card["profiles"] == ["card"]
    assert card["deploy"]["resources"]["reservations"]["devices"][0]["driver"] == "nvidia"
    assert "profiles" not in SERVICES["qa3"]
    file = tmp_path / "qa3.toml"
    file.write_text(COMPOSE["configs"]["settings"]["content"], encoding="utf-8")
    backend = choose(resolve({"backend": "chatglm3"}, file))
    assert backend.base_url == "http://endpoint:8000/v1"
    assert backend.api_key_env in card["environment"]
    assert SERVICES["qa3"]["configs"][0]["target"] == f"{dict(DOCKERFILE)['WORKDIR']}/qa3.toml"
