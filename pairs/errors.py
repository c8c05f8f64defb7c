"""Errors of the package.

PairsError <- SaidError <- LangChainException
└── ExportError     a list that cannot be written or read back
"""

from messages.errors import SaidError


class PairsError(SaidError):
    """Root of what goes wrong with pairs."""


class ExportError(PairsError):
    """A list that cannot be written or read back, with the file and the remedy."""
