"""How much time and memory a reading process is given, by what it does."""

from __future__ import annotations

from typing import NamedTuple

from ..progress import CONVERTING, READING, RECOGNISING

STARTING = "starting"
STOPPING = "stopping"


class Bounds(NamedTuple):
    """What a process may take until its next sign of progress.

    Attributes:
        seconds: Of processor time, so that a busy machine refuses nothing that an idle one reads.
        waited: Seconds on the clock.
        memory: Resident bytes.
    """

    seconds: float
    waited: float
    memory: int


_MEMORY = 900 << 20  # a look that comes late still finds less than 1 GB
BOUNDS = {
    STARTING: Bounds(60, 120, _MEMORY),
    READING: Bounds(15, 90, _MEMORY),
    # One picture of bounded size: 10 s and 870 MB on two cores, on all of them at once.
    RECOGNISING: Bounds(240, 240, 1500 << 20),
    # The other program works, and this process waits.
    CONVERTING: Bounds(60, 300, _MEMORY),
    STOPPING: Bounds(2, 5, _MEMORY),
}
"""By step. Where a system tells no processor time, ``seconds`` are those on the clock."""

_SECONDS_A_MEGABYTE = 15  # ten times what the slowest reader takes, that of packed workbooks
_MOST_SECONDS = 120


def more_time(size: int) -> float:
    """Seconds that a file without pages is given beyond those of a page, by its size.

    A large file may be one stretch of text, and what is small and takes long is a bomb.

    Args:
        size: Its bytes.
    """
    return min(size / 1e6 * _SECONDS_A_MEGABYTE, _MOST_SECONDS)
