"""What a process takes of memory and processor time, read from outside it on every system."""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import Structure, byref, c_int, c_size_t, c_uint32, c_uint64, sizeof
from pathlib import Path
from typing import Any, NamedTuple


class Usage(NamedTuple):
    """Resident memory in bytes, and seconds of processor time so far; None where not told."""

    memory: int | None
    seconds: float | None


def usage(process: int) -> Usage:
    """What a process takes now; nothing of it is told where the process has ended.

    Args:
        process: Its id.
    """
    try:
        if sys.platform == "win32":
            return _of_windows(process)
        if sys.platform == "darwin":
            return _of_macos(process)
        return _of_proc(process)
    except (OSError, ValueError, IndexError, AttributeError):
        return Usage(None, None)


def _of_proc(process: int) -> Usage:
    folder = Path("/proc") / str(process)
    pages = int((folder / "statm").read_bytes().split()[1])
    # The second field is a name in brackets, which may hold blanks and brackets.
    fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Usage(pages * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK"))


class _TaskInfo(Structure):
    """``struct proc_taskinfo`` of macOS, of which the second field is wanted."""

    _fields_ = (("virtual", c_uint64), ("resident", c_uint64), ("others", c_uint64 * 10))


def _of_macos(process: int) -> Usage:
    library: Any = ctypes.CDLL("/usr/lib/libproc.dylib")
    found = _TaskInfo()
    task_info = 4  # PROC_PIDTASKINFO
    size = library.proc_pidinfo(
        c_int(process), c_int(task_info), c_uint64(0), byref(found), c_int(sizeof(found))
    )
    # Its processor times are in units that differ between machines.
    return Usage(int(found.resident) if size == sizeof(found) else None, None)


class _Counters(Structure):
    """``PROCESS_MEMORY_COUNTERS`` of Windows."""

    _fields_ = (
        ("size", c_uint32),
        ("faults", c_uint32),
        ("peak", c_size_t),
        ("resident", c_size_t),
        ("pools", c_size_t * 4),
        ("committed", c_size_t),
        ("peak_committed", c_size_t),
    )


def _of_windows(process: int) -> Usage:
    kernel: Any = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009 - known on Windows alone
    kernel.OpenProcess.restype = ctypes.c_void_p
    query = 0x1000 | 0x10  # PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_VM_READ
    handle = ctypes.c_void_p(kernel.OpenProcess(query, 0, process))
    if not handle.value:
        return Usage(None, None)
    try:
        counters = _Counters(size=sizeof(_Counters))
        counted = kernel.K32GetProcessMemoryInfo(handle, byref(counters), counters.size)
        times = (c_uint64 * 4)()  # created, ended, in the system, in the program
        timed = kernel.GetProcessTimes(handle, *(byref(times, 8 * n) for n in range(4)))
        return Usage(
            int(counters.resident) if counted else None,
            (times[2] + times[3]) / 1e7 if timed else None,
        )
    finally:
        kernel.CloseHandle(handle)
