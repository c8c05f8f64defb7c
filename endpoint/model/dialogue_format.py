"""ChatGLM3's vocabulary and dialogue format, on plain sentencepiece.

The nine special ids follow the pieces of ``tokenizer.model`` and enter a prompt as ids, never
through text: user text is always encoded as ordinary pieces, so ``<|system|>`` in it stays text and
the "sop" in "philosophy" stays part of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import EndpointError

# In this order after the last piece (THUDM's tokenization_chatglm.py).
SPECIALS = (
    "[MASK]",
    "[gMASK]",
    "[sMASK]",
    "sop",
    "eop",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
)
UNKNOWN, BEGIN, END = 0, 1, 2
TOOLS_OFFERED = (
    "Answer the following questions as best as you can. You have access to the following tools:"
)
"""The system message that goes before a list of tools, as in training."""
LARGEST_FILE = 64 << 20  # bytes; ChatGLM3's own has one million
PADDING = 512  # the vocabulary is rounded up to a multiple of this at the most


class ChatTokenizer:
    """Text to ids and back, and whole dialogues to the ids of a prompt.

    Args:
        folder: The one with ``tokenizer.model``.
        vocabulary: Rows of the model's embedding; None where there is no model to fit.

    Attributes:
        end_ids: The ids that end an answer.

    Raises:
        EndpointError: The file is missing, is no SentencePiece model, or is another model's.
    """

    def __init__(self, folder: Path, vocabulary: int | None = None) -> None:
        import sentencepiece

        file = folder / "tokenizer.model"
        if not file.is_file():
            raise EndpointError("endpoint.no_tokenizer", folder=str(folder))
        content = file.read_bytes() if file.stat().st_size <= LARGEST_FILE else b""
        self._pieces = sentencepiece.SentencePieceProcessor()
        try:
            self._pieces.LoadFromSerializedProto(content)
            self.size: int = self._pieces.GetPieceSize()
        except RuntimeError as error:
            raise EndpointError("endpoint.tokenizer_broken", file=str(file)) from error
        self._ids = {name: self.size + place for place, name in enumerate(SPECIALS)}
        self.end_ids = frozenset({END, self._ids["<|user|>"], self._ids["<|observation|>"]})
        self._refuse_other_vocabularies(file, vocabulary)

    def _refuse_other_vocabularies(self, file: Path, vocabulary: int | None) -> None:
        """Raises EndpointError if the vocabulary cannot be the one the model was trained with."""
        held = self.size + len(SPECIALS)
        begins_right = (
            self.size > END
            and self._pieces.IsUnknown(UNKNOWN)
            and self._pieces.IsControl(BEGIN)
            and self._pieces.IsControl(END)
        )
        if not begins_right or (vocabulary is not None and not 0 <= vocabulary - held < PADDING):
            raise EndpointError(
                "endpoint.tokenizer_other", file=str(file), ids=held, rows=vocabulary or "?"
            )

    def prompt_ids(
        self,
        messages: Sequence[tuple[str, str] | tuple[str, str, str]],
        opening: Sequence[str] = (),
    ) -> list[int]:
        """The prompt ids of a dialogue, ending with ``<|assistant|>``.

        Args:
            messages: (role, text) in order; role is system, user, assistant or observation. A third
                part is the metadata line, which names the tool that an assistant called.
            opening: What the answer begins with: its metadata line, and perhaps some of its text.
        """
        ids = [self._ids["[gMASK]"], self._ids["sop"]]
        for role, text, *metadata in messages:
            # The line is encoded apart, as in training, so that both parts begin like a word.
            ids += [self._ids[f"<|{role}|>"], *self._encode("".join([*metadata, "\n"]))]
            ids += self._encode(text)
        ids.append(self._ids["<|assistant|>"])
        for text in opening:
            ids += self._encode(text)
        return ids

    def completion_ids(self, text: str) -> list[int]:
        """The ids of a plain text to be continued, as THUDM's tokenizer begins it."""
        return [self._ids["[gMASK]"], self._ids["sop"], *self._encode(text)]

    def text_ids(self, text: str) -> list[int]:
        """The ids of a text, without those of a message around it."""
        return self._encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer so far, without its empty metadata line; never raises.

        Decoded whole at each step: a character may be spread over several ids, and ends in U+FFFD
        until the last of them is there.
        """
        text: str = self._pieces.DecodeIds([one for one in ids if UNKNOWN < one < self.size])
        return text.strip()

    def count(self, text: str) -> int:
        """How many ids a text has, without those of the message around it."""
        return len(self._encode(text))

    def _encode(self, text: str) -> list[int]:
        # A lone surrogate has no bytes; it becomes a question mark.
        whole = text.encode("utf-8", "replace").decode("utf-8")
        encoded: list[int] = self._pieces.EncodeAsIds(whole)
        return encoded

    def byte_ids(self) -> tuple[int, ...]:
        """The ids of the 256 byte tokens, which spell rare characters."""
        return tuple(self._pieces.PieceToId(f"<0x{byte:02X}>") for byte in range(256))

    def pieces(self) -> tuple[list[str], list[float], list[str]]:
        """The text, score and kind of every piece: UNKNOWN, CONTROL, BYTE, UNUSED or NORMAL."""
        ids = range(self.size)
        words = [self._pieces.IdToPiece(one) for one in ids]
        scores = [float(self._pieces.GetScore(one)) for one in ids]
        return words, scores, [self._kind(one) for one in ids]

    def _kind(self, one: int) -> str:
        for kind, holds in (
            ("UNKNOWN", self._pieces.IsUnknown),
            ("CONTROL", self._pieces.IsControl),
            ("BYTE", self._pieces.IsByte),
            ("UNUSED", self._pieces.IsUnused),
        ):
            if holds(one):
                return kind
        return "NORMAL"
