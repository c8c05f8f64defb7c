"""Room on the disk for what a run will write."""

from __future__ import annotations

import shutil

from ..errors import JournalError
from ..journal.replies import Journal
from .inputs import Inputs

BYTES_A_CHUNK = 20_000  # of journal, at most, beside the texts themselves
LEAST_FREE = 16_000_000


def check_room(journal: Journal, inputs: Inputs) -> None:
    """Raises, before a call is paid for, if the disk cannot hold what the run would write.

    Raises:
        JournalError: There is too little room.
    """
    folder = journal.path.resolve().parent
    texts = sum(len(one.text.encode()) for one in inputs.files)
    needed = max(LEAST_FREE, 2 * texts + BYTES_A_CHUNK * len(inputs.chunks))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise JournalError(
            "journal.room", folder=str(folder), free=free // 10**6, needed=-(-needed // 10**6)
        )
