"""Pairs that a model took from the example in its prompt instead of from the document."""

from __future__ import annotations

from ..text.terms import all_forms, content_words
from .source_text import SourceText

__all__ = ["Example"]

_LEAST = 0.4
"""Share of the content words of a question or an answer that only the example has."""


class Example:
    """The text of the worked example that a prompt shows.

    Args:
        text: Its title and its text, in all languages that a run may ask in.
    """

    def __init__(self, text: str) -> None:
        self._words = all_forms(text)

    def gave(self, question: str, answer: str, document: SourceText, context: str) -> bool:
        """Whether a pair speaks of the example's things, which its document does not have.

        Args:
            question: As read from the reply.
            answer: As read from the reply.
            document: The whole file's text.
            context: What stands above the chunk, such as the document's name.
        """
        if not self._words:
            return False
        above = all_forms(context)
        return any(self._share(said, document, above) >= _LEAST for said in (question, answer))

    def _share(self, said: str, document: SourceText, above: frozenset[str]) -> float:
        """The share of a text's content words that the example has and the document lacks."""
        words = content_words(said)
        taken = sum(
            not self._words.isdisjoint(word)
            and not any(key in document.sentences_with or key in above for key in word)
            for word in words
        )
        return taken / len(words) if words else 0.0
