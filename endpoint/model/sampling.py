"""Sampling: greedy, or seeded temperature and top-p; penalties and JSON schemas before it.

The argmax of log-probabilities plus Gumbel noise is a sample from the distribution (Gumbel 1954),
so one argmax serves greedy and sampled rows of the same batch. The noise depends only on the
request's seed and the position, not on the rest of the batch.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .engine import Sampling

if TYPE_CHECKING:
    import torch

    from .grammar import Guide


@dataclass(frozen=True)
class Draw:
    """Sampling parameters of one request, with its seed.

    Attributes:
        temperature: 0 for the likeliest id.
        top_p: Probability mass that may be drawn from.
        seed: Of all its draws.
        prompt: Ids of its prompt, which come before those of the answer.
        repetition: As in ``Sampling``, like the next two.
        frequency: Of an id in the answer.
        presence: Of an id in the answer.
        guide: Says which ids may come next; None for any.
    """

    temperature: float
    top_p: float
    seed: int
    prompt: int = 0
    repetition: float = 1.0
    frequency: float = 0.0
    presence: float = 0.0
    guide: Guide | None = None

    @property
    def plain(self) -> bool:
        """Whether the model's logits count as they are."""
        nothing = (self.repetition, self.frequency, self.presence) == (1, 0, 0)
        return nothing and self.guide is None


def draw_for(sampling: Sampling, prompt: int = 0, guide: Guide | None = None) -> Draw:
    """The parameters of a request; the seed is random if none was given.

    Args:
        sampling: As it was asked for.
        prompt: Ids of the prompt.
        guide: Of its schema.
    """
    return Draw(
        sampling.temperature,
        sampling.top_p,
        secrets.randbits(62) if sampling.seed is None else sampling.seed,
        prompt,
        sampling.repetition_penalty,
        sampling.frequency_penalty,
        sampling.presence_penalty,
        guide,
    )


def adjusted_logits(
    scores: torch.Tensor, draws: Sequence[Draw], ids: Sequence[Sequence[int]]
) -> torch.Tensor:
    """Logits after the penalties, with minus infinity for ids that a schema does not allow.

    Args:
        scores: Logits, rows x vocabulary, in float32; rows beyond the draws are left alone.
        draws: One a row.
        ids: Of prompt and answer so far, one a row.
    """
    import torch

    rows = [row for row, draw in enumerate(draws) if not draw.plain]
    if not rows:
        return scores
    scores = scores.clone()
    for row in rows:
        draw, made = draws[row], ids[row][draws[row].prompt :]
        if draw.repetition != 1:
            seen = torch.tensor(sorted(set(ids[row])), device=scores.device)
            were = scores[row, seen]
            scores[row, seen] = torch.where(
                were > 0, were / draw.repetition, were * draw.repetition
            )
        if made and (draw.frequency or draw.presence):
            counts = Counter(made)
            seen = torch.tensor(list(counts), device=scores.device)
            times = torch.tensor(list(counts.values()), device=scores.device, dtype=scores.dtype)
            scores[row, seen] -= times * draw.frequency + draw.presence
        if draw.guide is not None:
            forbidden = torch.from_numpy(~draw.guide.allowed(made))
            scores[row].masked_fill_(forbidden.to(scores.device), float("-inf"))
    return scores


def noisy_logits(
    scores: torch.Tensor, draws: Sequence[Draw], positions: Sequence[int]
) -> torch.Tensor:
    """Logits with noise added, whose argmax is the sampled id of each row.

    Args:
        scores: Logits, rows x vocabulary, in float32; rows beyond the draws are left alone.
        draws: One a row.
        positions: Of the id to be drawn, one a row.
    """
    sampled = [row for row, draw in enumerate(draws) if draw.temperature > 0]
    if not sampled:
        return scores
    scores = scores.clone()
    for row in sampled:
        scores[row] = _with_noise(scores[row], draws[row], positions[row])
    return scores


def _with_noise(scores: torch.Tensor, draw: Draw, position: int) -> torch.Tensor:
    import torch

    # A smaller temperature would overflow float32, and is greedy in effect anyway.
    scores = (scores - scores.max()) / max(draw.temperature, 1e-6)
    if draw.top_p < 1:
        order = scores.argsort(descending=True)
        mass = scores[order].softmax(-1).cumsum(-1)
        beyond = mass - scores[order].softmax(-1) >= draw.top_p
        beyond[0] = False
        scores = scores.index_fill(0, order[beyond], float("-inf"))
    chance = torch.Generator().manual_seed((draw.seed * 1_000_003 + position) % (1 << 63))
    uniform = torch.rand(scores.shape, generator=chance, dtype=torch.float64)
    noise = -torch.log(-torch.log(uniform.clamp(1e-300, 1 - 1e-16)))
    return scores + noise.to(device=scores.device, dtype=scores.dtype)
