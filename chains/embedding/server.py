"""Embeddings from a server with an OpenAI-compatible ``/v1/embeddings`` address."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx
from langchain_core.embeddings import Embeddings

from ..environment import secret
from ..errors import EmbeddingError
from .vectors import unit_vectors

if TYPE_CHECKING:
    import numpy as np
    from pydantic import SecretStr

KEY = "QA3_EMBEDDINGS_KEY"
TEXTS_AT_ONCE = 64
REACH_SECONDS, ANSWER_SECONDS = 5.0, 120.0
TRIES, PAUSE_SECONDS = 4, 1.0  # the pause doubles
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class ServerEmbeddings(Embeddings):
    """Unit vectors from a server.

    Args:
        address: ``http://host:port/v1``, with or without ``/embeddings``; a model may follow
            after ``#``, else the first one that the server lists is used.
        key: None for the one in ``QA3_EMBEDDINGS_KEY``, if it is set; the keys of language models
            are never sent to an address given here.
        pause: Seconds before the first retry of a busy server; doubled for each further one.

    Attributes:
        model: The model's name.
        address: The address without the model.

    Raises:
        EmbeddingError: No response within 5 s, the key is refused, or no model is listed.
    """

    def __init__(
        self, address: str, key: SecretStr | None = None, pause: float = PAUSE_SECONDS
    ) -> None:
        root, _, model = address.partition("#")
        self.address = root.rstrip("/").removesuffix("/embeddings")
        self._pause = pause
        key = key or secret(KEY)
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=REACH_SECONDS)
        self._client = httpx.Client(headers=headers, timeout=timeout)
        self.model = self._find_model(model)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, one per text.

        Raises:
            EmbeddingError: The server fails, or does not return a vector of equal length for each.
        """
        rows: list[list[float]] = self.encode(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one text.

        Raises:
            EmbeddingError: As for ``embed_documents``.
        """
        return self.embed_documents([text])[0]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors: float32, shape (texts, dimensions).

        Raises:
            EmbeddingError: As for ``embed_documents``.
        """
        import numpy as np

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        rows: list[list[float]] = []
        for at in range(0, len(texts), TEXTS_AT_ONCE):
            rows += self._ask(list(texts[at : at + TEXTS_AT_ONCE]))
        return unit_vectors(self._name(), rows, len(texts))

    def _ask(self, texts: list[str]) -> list[list[float]]:
        """The vectors of one request, in the order of the texts."""
        body = {"model": self.model, "input": texts, "encoding_format": "float"}
        answer = self._json("POST", f"{self.address}/embeddings", body)
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or len(rows) != len(texts):
            given = len(rows) if isinstance(rows, list) else 0
            raise EmbeddingError(
                "embeddings.count", name=self._name(), given=given, texts=len(texts)
            )
        placed: dict[int, list[float]] = {}
        for place, row in enumerate(rows):
            # Some servers leave the index out; then they keep the order.
            index = row.get("index", place) if isinstance(row, dict) else None
            if not isinstance(index, int) or not isinstance(row.get("embedding"), list):
                raise self._wrong("embeddings.widths")
            placed[index] = row["embedding"]
        if sorted(placed) != list(range(len(texts))):
            raise EmbeddingError(
                "embeddings.count", name=self._name(), given=len(placed), texts=len(texts)
            )
        return [placed[place] for place in range(len(texts))]

    def _find_model(self, given: str) -> str:
        """The given model, else the first one listed; a wrong address is reported at once."""
        answer = self._json("GET", f"{self.address}/models", missing_is_well=bool(given))
        if given:
            return given
        rows = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and rows[0].get("id"):
            return str(rows[0]["id"])
        raise EmbeddingError("embeddings.server_model", address=self.address)

    def _json(
        self, method: str, address: str, body: object = None, *, missing_is_well: bool = False
    ) -> Any:
        """The JSON of a response; requests to a busy server are retried."""
        for attempt in range(TRIES):
            try:
                response = self._client.request(method, address, json=body)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) and (
                    attempt < TRIES - 1
                ):
                    continue
                raise EmbeddingError("embeddings.unreachable", address=self.address) from error
            if response.status_code not in PASSING or attempt == TRIES - 1:
                break
            time.sleep(self._pause * 2**attempt)
        if response.status_code in (401, 403):
            raise EmbeddingError("embeddings.wrong_key", address=self.address, variable=KEY)
        if missing_is_well and response.status_code in (404, 405):
            return None
        if response.status_code >= 400:
            raise EmbeddingError(
                "embeddings.server",
                address=self.address,
                status=response.status_code,
                reason=" ".join(response.text[:200].split()),
            )
        try:
            return response.json()
        except ValueError as error:
            raise self._wrong("embeddings.widths") from error

    def _name(self) -> str:
        return f"{self.address} ({getattr(self, 'model', '?')})"

    def _wrong(self, code: str) -> EmbeddingError:
        return EmbeddingError(code, name=self._name())
