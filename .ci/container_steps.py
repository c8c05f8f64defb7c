"""Runs the steps of the Dockerfile in a bare Debian root, where there is no container engine.

    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm ROOT
    python3 .ci/container_steps.py ROOT

Both stages share the one root; what COPY --from would bring over lies there already. All of it runs
with the environment that the Dockerfile gives and no other; what its USER starts can write to /data
and /tmp alone. At the end the service is started, its health check run, and a document extracted
with whatever model /data has. It needs root, and ends what it started.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PASSED = re.compile(r"PIP_|SSL_CERT|https?_proxy|no_proxy", re.IGNORECASE)
NETWORK = ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt")
"""What a builder has of its network, in its environment and in files; it is in no image either."""


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """The instructions of a Dockerfile, one a line."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(str.strip, joined.splitlines()):
        name, _, rest = line.strip().partition(" ")
        yield name.upper(), rest.strip()


def included(folder: Path) -> list[Path]:
    """The files that .dockerignore lets through: those below its lines that begin with ``!``."""
    lines = (folder / ".dockerignore").read_text(encoding="utf-8").split()
    roots = [one for line in lines if line.startswith("!") for one in folder.glob(line[1:])]
    files = [one for root in roots for one in ([root] if root.is_file() else root.rglob("*"))]
    return [one for one in files if one.is_file() and "__pycache__" not in one.parts]


class Root:
    """A Debian root in which steps are run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work, self.user = folder, "/", ""
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}

    def command(self, *given: str) -> list[str]:
        """A command line inside the root, as its user, in its working folder."""
        chroot = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin") or "chroot"
        entered = [chroot, *([f"--userspec={self.user}"] if self.user else []), str(self.folder)]
        inside = 'cd "$0" && exec "$@"'
        return [*entered, "/bin/sh", "-c", inside, self.work, *given]

    def run(self, *given: str, **more: str) -> None:
        """Runs a command and raises where it fails."""
        print("+", *given, flush=True)  # noqa: T201
        subprocess.run(self.command(*given), env=self.environment | more, check=True)

    def take(self, name: str, rest: str, arguments: dict[str, str]) -> None:
        """Carries one instruction out."""
        if name == "ARG":
            key, _, value = rest.partition("=")
            arguments[key] = value
        elif name == "ENV":
            self.environment |= dict(pair.split("=", 1) for pair in rest.split())
        elif name == "WORKDIR":
            self.work = rest
            (self.folder / rest.strip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            self.user = rest
        elif name == "COPY" and rest == ". .":
            for file in included(HERE):
                target = self.folder / self.work.strip("/") / file.relative_to(HERE)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
        elif name == "RUN":
            network = {key: value for key, value in os.environ.items() if PASSED.match(key)}
            self.run("/bin/sh", "-c", rest, **network, **arguments)


def main(folder: Path) -> None:
    """Runs the steps, then what the image is for."""
    root, last, arguments = Root(folder), {}, dict[str, str]()
    for file in NETWORK:
        if Path("/", file).exists():
            shutil.copyfile(Path("/", file), folder / file)
    for name, rest in instructions((HERE / "Dockerfile").read_text(encoding="utf-8")):
        if name == "FROM":
            arguments, root.work = {}, "/"
        root.take(name, rest, arguments)
        last[name] = rest
    # What a read-only root is for a container, other owners are here.
    root.run(
        "sh", "-c", "! touch /srv/qa3/x /opt/x /usr/x 2>/dev/null && touch /data/x && rm /data/x"
    )
    root.run("qa3", "--help")
    start = json.loads(last["ENTRYPOINT"]) + json.loads(last["CMD"])
    token = {"QA3_TOKEN": "not-a-secret-of-anybody"}
    service = subprocess.Popen(root.command(*start), env=root.environment | token)
    try:
        check = json.loads(last["HEALTHCHECK"].partition("CMD")[2])
        for _ in range(60):
            time.sleep(1)
            asked = subprocess.run(
                root.command(*check), env=root.environment, stderr=subprocess.DEVNULL, check=False
            )
            if asked.returncode == 0:
                break
        else:
            sys.exit("the service was never healthy")
        print("healthy", flush=True)  # noqa: T201
    finally:
        service.terminate()
        service.wait(60)
    (folder / "data/bridge.txt").write_text("The bridge was opened in 1890.", encoding="utf-8")
    root.run("qa3", "extract", "/data/bridge.txt", "-o", "/data/list.jsonl", "--check", "off")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
