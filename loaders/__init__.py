"""Files in: bytes become text, text becomes Documents, Documents become chunks.

documents = load("report.pdf")
chunks = split(documents)
"""

from .errors import LoadError
from .loading import find_documents, load
from .pages import PAGE_SEPARATOR, whole_text
from .records import Chunk, Span
from .splitting import DEFAULT_CHUNK_SIZE, split
from .tokens import count_tokens

__all__ = [
    "DEFAULT_CHUNK_SIZE",
    "PAGE_SEPARATOR",
    "Chunk",
    "LoadError",
    "Span",
    "count_tokens",
    "find_documents",
    "load",
    "split",
    "whole_text",
]
