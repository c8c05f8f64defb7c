"""Converts old office documents by LibreOffice, in a child without macros or network."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from functools import cache
from hashlib import sha256
from pathlib import Path

from .errors import LoadError
from .progress import CONVERTING, READING, report

_SECONDS = 60.0
_MOST_MEMORY = 3 << 20  # KiB of address space
_MOST_WRITTEN = 1 << 20  # blocks of 512 bytes
OFFICE_TARGETS = {"doc": "DOCX", "xls": "XLSX", "ppt": "PPTX"}
"""Of each old office format: the one of today that it is converted to."""
_FILTERS = {
    "docx": "docx:MS Word 2007 XML",
    "xlsx": "xlsx:Calc MS Excel 2007 XML",
    "pptx": "pptx:Impress MS PowerPoint 2007 XML",
}
# Where a setting stands, its name, its type's value: nothing is run, asked for or opened.
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "SecureURL", ""),
    ("Office.Common/Load", "UserDefinedSettings", "false"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.WriterWeb/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
    ("Office.Calc/Formula/Load", "OOXMLRecalcMode", "1"),
    ("Office.Calc/Formula/Load", "ODFRecalcMode", "1"),
    ("Inet/Settings", "ooInetProxyType", "1"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
_NOWHERE = "http://127.0.0.1:9"  # the port of nobody

_LOCK = threading.Lock()  # a second soffice would hand its work to the first and end at once


def find_soffice() -> str | None:
    """The path of LibreOffice's program; None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert(path: Path, file: str, kind: str) -> Path:
    """The document in the format of today's office programs; the same file is converted once.

    The copy lies in a folder of this process and goes with it.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        kind: ``doc``, ``xls`` or ``ppt``: which program it is of.

    Raises:
        LoadError: LibreOffice is not there, took too long, or could not read the file.
    """
    target = OFFICE_TARGETS[kind].lower()
    program = find_soffice()
    if program is None:
        raise LoadError("load.legacy", file=file, kind=f".{kind}", target=target.upper())
    with _LOCK:
        folder = _folder() / _digest(path)
        made = folder / f"document.{target}"
        if made.exists():
            return made
        folder.mkdir(exist_ok=True)
        # Under a name of ours, in a folder of its own: no link beside it leads anywhere.
        given = folder / f"document.{kind}"
        shutil.copyfile(path, given)
        try:
            report(CONVERTING)
            in_time = _run(program, given, _FILTERS[target])
        finally:
            report(READING)
            given.unlink(missing_ok=True)
        if not in_time:
            raise LoadError("load.conversion_slow", file=file, seconds=int(_SECONDS))
        if not made.is_file() or not made.stat().st_size:
            raise LoadError("load.conversion_failed", file=file, target=target.upper())
        return made


@cache
def _folder() -> Path:
    """This process's folder of profile and copies, readable by nobody else."""
    folder = Path(tempfile.mkdtemp(prefix="qa3-office-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    items = "".join(
        f'<item oor:path="/org.openoffice.{place}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for place, name, value in _SETTINGS
        if value
    )
    (profile / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items '
        'xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>\n',
        encoding="utf-8",
    )
    return folder


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _run(program: str, given: Path, form: str) -> bool:
    """Runs one conversion with all its child processes; whether it ended in time."""
    home = _folder()
    command = [
        program, f"-env:UserInstallation={(home / 'profile').as_uri()}", "--headless",
        "--norestore", "--nologo", "--nodefault", "--nolockcheck", "--convert-to", form,
        "--outdir", str(given.parent), str(given),
    ]  # fmt: skip
    if os.name == "posix":
        # No thread of ours runs between fork and exec this way.
        limits = f'ulimit -v {_MOST_MEMORY}; ulimit -f {_MOST_WRITTEN}; ulimit -c 0; exec "$@"'
        command = [*_apart(), "sh", "-c", limits, "sh", *command]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=given.parent, env=_environment(home), start_new_session=os.name == "posix",
    ) as child:  # fmt: skip
        try:
            child.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(child)
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and whatever it started."""
    try:
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except (ProcessLookupError, PermissionError):
        pass


def _environment(home: Path) -> dict[str, str] | None:
    """What the child is told: none of our keys, and proxies that lead nowhere."""
    if os.name != "posix":
        return None
    proxies = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")
    own = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(home), "TMPDIR": str(home)}
    own["SAL_USE_VCLPLUGIN"] = "svp"
    return own | dict.fromkeys(proxies, _NOWHERE)


@cache
def _apart() -> tuple[str, ...]:
    """What to put before a command so that it has no network and ends with us, as far as it can be.

    Where the system lets us, it runs in name spaces of its own: of the network, in which there is
    nothing, and of processes, all of which end with the first. That one ends with our thread.
    """
    alone = ("unshare", "-rn", "--pid", "--fork", "--kill-child=KILL", "--")
    for prefix in (
        ("setpriv", "--pdeathsig", "KILL", "--", *alone), alone,
        ("unshare", "-rn", "--"), ("unshare", "-n", "--"),
    ):  # fmt: skip
        program = shutil.which(prefix[0], path=os.defpath)
        if program and _runs((program, *prefix[1:], "true")):
            return (program, *prefix[1:])
    return ()


def _runs(command: tuple[str, ...]) -> bool:
    try:
        tried = subprocess.run(command, capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return False
    return tried.returncode == 0
