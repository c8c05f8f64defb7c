"""Sampling: greedy, or seeded temperature and top-p.

The argmax of log-probabilities plus Gumbel noise is a sample from the distribution (Gumbel 1954),
so one argmax serves greedy and sampled rows of the same batch. The noise depends only on the
request's seed and the position, not on the rest of the batch.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .engine import Sampling

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Draw:
    """Sampling parameters of one request, with its seed.

    Attributes:
        temperature: 0 for the likeliest id.
        top_p: Probability mass that may be drawn from.
        seed: Of all its draws.
    """

    temperature: float
    top_p: float
    seed: int


def draw_for(sampling: Sampling) -> Draw:
    """The parameters of a request; the seed is random if none was given."""
    seed = secrets.randbits(62) if sampling.seed is None else sampling.seed
    return Draw(sampling.temperature, sampling.top_p, seed)


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
