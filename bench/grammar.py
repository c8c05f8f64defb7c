"""Measures what a JSON schema costs per token, at ChatGLM3's vocabulary of 65,024 pieces.

    python -m bench.grammar

A vocabulary of that size is made of single Chinese characters, pairs of them, bytes and pieces of
letters. For each schema the same logits are adjusted and drawn with and without it, one row and
eight rows at a time; the difference is its cost. Answers are drawn at random among what the schema
allows, so that strings and numbers go everywhere.
"""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from bench.report import save_result
from endpoint.model.dialogue_format import ChatTokenizer
from endpoint.model.grammar import Grammar, any_object
from endpoint.model.sampling import Draw, adjusted_logits, noisy_logits

ROWS, PIECES = 65_024, 64_789
TOKENS, ROUNDS = 200, 5
PAIR: dict[str, Any] = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
SCHEMAS = {
    "any object": any_object(),
    "pairs": json.dumps({"type": "array", "items": PAIR}),
    "figures": json.dumps(
        {
            "type": "object",
            "properties": {
                "kind": {"enum": ["bridge", "桥", "tunnel"]},
                "year": {"type": "integer", "minimum": 1000, "maximum": 2100},
                "spans": {"type": "array", "items": {"type": "number"}, "minItems": 3},
            },
            "required": ["kind", "year", "spans"],
        }
    ),
}


def main() -> None:
    """Measures, prints a table, and saves the result."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_vocabulary(Path(folder) / "tokenizer.model")
        grammar = Grammar(ChatTokenizer(Path(folder), ROWS), ROWS)
    began = time.perf_counter()
    grammar.guide(any_object())
    figures: dict[str, Any] = {
        "rows": ROWS,
        "tokens": TOKENS,
        "rounds": ROUNDS,
        "first use, s": round(time.perf_counter() - began, 2),
    }
    for name, schema in SCHEMAS.items():
        began = time.perf_counter()
        grammar.guide(schema)
        compiled = (time.perf_counter() - began) * 1000
        figures[name] = {"compiled, ms": round(compiled, 2), **costs(grammar, schema)}
        print(f"{name:12} {json.dumps(figures[name])}", flush=True)
    save_result("grammar", figures, ("llguidance", "torch"))


def costs(grammar: Grammar, schema: str) -> dict[str, float]:
    """Milliseconds a token that a schema adds, in one row and in eight."""
    return {
        f"{rows} rows, ms a token and row more": round(
            statistics.median(cost(grammar, schema, rows) for _ in range(ROUNDS)), 3
        )
        for rows in (1, 8)
    }


def cost(grammar: Grammar, schema: str, rows: int) -> float:
    """Milliseconds a token and row that a schema adds, in one run."""
    plain = run([Draw(1.0, 1.0, row) for row in range(rows)])
    guides = [grammar.guide(schema) for _ in range(rows)]
    guided = run([Draw(1.0, 1.0, row, guide=guide) for row, guide in enumerate(guides)])
    return (guided - plain) / rows


def run(draws: list[Draw]) -> float:
    """Milliseconds a token, of all rows together; a row that has ended repeats its last id."""
    scores = torch.zeros(len(draws), ROWS)
    made: list[list[int]] = [[] for _ in draws]
    spent, steps = 0.0, 0
    for at in range(TOKENS):
        began = time.thread_time()
        adjusted = adjusted_logits(scores, draws, made)
        chosen = noisy_logits(adjusted, draws, [at] * len(draws)).argmax(-1).tolist()
        spent += time.thread_time() - began
        steps += 1
        if any(one == 2 or one >= PIECES for one in chosen) and draws[0].guide:
            break  # the first answer is whole
        for row, one in enumerate(chosen):
            made[row].append(one)
    return spent / steps * 1000


def write_vocabulary(file: Path) -> None:
    """A vocabulary of ChatGLM3's size: bytes, letters, and Chinese characters and pairs of them."""
    from sentencepiece import sentencepiece_model_pb2

    made: Any = sentencepiece_model_pb2  # defines its classes at import
    held = made.ModelProto()
    held.trainer_spec.model_type = 2
    held.trainer_spec.byte_fallback = True
    held.normalizer_spec.name = "identity"
    held.normalizer_spec.remove_extra_whitespaces = False
    letters = "▁abcdefghijklmnopqrstuvwxyz"
    characters = [chr(code) for code in range(0x4E00, 0x4E00 + 12_000)]
    words = itertools.chain(
        [chr(code) for code in range(0x21, 0x7F)],
        letters,
        ("".join(pair) for pair in itertools.product(letters, repeat=2)),
        ("".join(three) for three in itertools.product(letters, repeat=3)),
        characters,
        (one + two for one, two in itertools.product(characters[:200], characters[:200])),
    )
    seen = dict.fromkeys(words)
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *seen]
    kinds = [2, 3, 3, *[6] * 256, *[1] * len(seen)]
    for number, (name, kind) in enumerate(zip(names[:PIECES], kinds, strict=False)):
        piece = held.pieces.add()
        piece.piece, piece.type, piece.score = name, kind, -float(number)
    assert len(held.pieces) == PIECES, len(held.pieces)
    file.write_bytes(held.SerializeToString())


if __name__ == "__main__":
    main()
