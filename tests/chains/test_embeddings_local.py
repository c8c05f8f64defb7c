"""Models in folders: pooled rightly, of length 1, in every precision, and never from a network."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.embedding import build
from chains.embedding import openvino_encoder as openvino_model
from chains.embedding import openvino_export
from chains.embedding.load import INSTRUCTIONS, load_embeddings
from chains.embedding.local import BYTES_AT_ONCE, TEXTS_AT_ONCE, LocalEmbeddings, batches
from chains.embedding.openvino_encoder import OpenVinoEncoder, exported
from chains.embedding.openvino_export import PROBES, rounded
from chains.embedding.torch_encoder import TorchEncoder, computes_in_bf16, load_model
from chains.errors import EmbeddingError

WIDTH = 128
TEXTS = ["什么是数据库索引？", "索引", "公司在哪里注册，由谁签署，何时生效？" * 9, "一二三四五"]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bge in small, with random weights."""
    folder = tmp_path_factory.mktemp("models") / "bge-small-zh-test"
    build(folder, layers=2, width=WIDTH, spread=0.1)
    return folder


@pytest.fixture(scope="session")
def truth(model: Path) -> np.ndarray:
    """The first token's vector of each text, one by one, computed apart."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model))
    bert = AutoModel.from_pretrained(str(model)).eval()
    rows = []
    for text in TEXTS:
        asked = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
        asked.pop("token_type_ids", None)
        with torch.no_grad():
            first = bert(**asked).last_hidden_state[0, 0].numpy()
        rows.append(first / np.linalg.norm(first))
    return np.stack(rows)


def cosines(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors @ vectors.T)


def test_the_first_tokens_vector_is_taken_in_fp32(model: Path, truth: np.ndarray) -> None:
    encoder = TorchEncoder(model, "fp32")
    vectors = encoder(TEXTS)
    np.testing.assert_allclose(vectors, truth, atol=1e-5)


def test_so_it_is_where_the_folder_does_not_say_how(
    model: Path, truth: np.ndarray, tmp_path: Path
) -> None:
    plain = shutil.copytree(model, tmp_path / "plain")
    for name in ("modules.json", "sentence_bert_config.json"):
        (plain / name).unlink()
    shutil.rmtree(plain / "1_Pooling")
    vectors = TorchEncoder(plain, "fp32")(TEXTS)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, truth, atol=1e-5)


@pytest.mark.parametrize(("backend", "farthest"), [("torch", 0.006), ("openvino", 0.02)])
def test_faster_ways_keep_lengths_order_and_similarities(
    model: Path, truth: np.ndarray, backend: Any, farthest: float
) -> None:
    local = LocalEmbeddings(model, backend)
    many = [*TEXTS, *PROBES, *(f"第{'一' * n}章" for n in range(40))]
    vectors = local.encode(many)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.abs(cosines(vectors[: len(TEXTS)]) - cosines(truth)).max() <= farthest
    # Every text has its own vector, whichever batch it fell into.
    near = vectors[: len(TEXTS)] @ truth.T
    assert (near.argmax(axis=1) == np.arange(len(TEXTS))).all()
    expected = "openvino int8" if backend == "openvino" else "torch"
    assert local.precision.startswith(expected)


def test_bf16_is_taken_exactly_where_the_processor_has_it(model: Path) -> None:
    assert TorchEncoder(model).precision == ("torch bf16" if computes_in_bf16() else "torch fp32")


def test_names_and_keys_tell_models_and_precisions_apart(model: Path, tmp_path: Path) -> None:
    torch, fast = load_embeddings(str(model), "torch"), load_embeddings(str(model), "openvino")
    assert torch.name.startswith("bge-small-zh-test (torch")
    assert fast.name == "bge-small-zh-test (openvino int8)"
    other = tmp_path / model.name
    build(other, layers=1, width=64)
    assert len({torch.key, fast.key, load_embeddings(str(other), "torch").key}) == 3


def test_the_instruction_is_for_queries_alone(model: Path) -> None:
    local = load_embeddings(str(model), "torch").embeddings
    assert local is not None
    question = TEXTS[0]
    asked, compared = np.array(local.embed_query(question)), local.embed_documents([question])[0]
    told = local.embed_documents([INSTRUCTIONS["zh"] + question])[0]
    np.testing.assert_allclose(asked, told, atol=1e-6)
    assert np.abs(asked - compared).max() > 1e-3


def test_auto_finds_bge_in_the_cache_by_its_place(
    model: Path, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(model, home / "cache/models/bge-large-zh-v1.5")
    assert load_embeddings("auto", "torch").name.startswith("bge-large-zh-v1.5 (torch")
    hub = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    shutil.copytree(model, hub / "models--BAAI--bge-small-en-v1.5/snapshots/abc")
    found = load_embeddings("BAAI/bge-small-en-v1.5", "torch")
    assert found.name.startswith("bge-small-en-v1.5 (torch")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_broken_file_is_a_clear_error(model: Path, file: str, tmp_path: Path) -> None:
    broken = shutil.copytree(model, tmp_path / "broken")
    (broken / file).write_bytes((broken / file).read_bytes()[:100])
    with pytest.raises(EmbeddingError) as wrong:
        load_embeddings(str(broken), "torch")
    assert wrong.value.code == "embeddings.folder"
    assert str(broken) in wrong.value.say("zh")


def test_without_the_package_the_way_out_is_said(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbeddingError) as missing:
        load_model(model, "fp32")
    assert missing.value.code == "embeddings.no_package"
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(EmbeddingError) as missing:
        OpenVinoEncoder(model, "0" * 16)
    assert missing.value.code == "embeddings.no_openvino"


@given(st.lists(st.text(max_size=40) | st.builds(lambda n: "长" * n, st.integers(0, 9000))))
def test_batches_hold_every_text_once_and_are_bounded(texts: list[str]) -> None:
    cut = list(batches(texts))
    assert sorted(at for batch in cut for at in batch) == list(range(len(texts)))
    sizes = [[len(texts[at].encode("utf-8", "surrogatepass")) for at in batch] for batch in cut]
    longest = 0
    for batch in sizes:
        assert len(batch) <= TEXTS_AT_ONCE
        assert len(batch) == 1 or len(batch) * max(batch) <= BYTES_AT_ONCE
        assert min(batch) >= longest
        longest = max(batch)


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.randoms(use_true_random=False),
    st.sampled_from([-1, -2]),
)
def test_rounded_weights_are_within_half_a_step(
    rows: int, columns: int, drawn: Any, axis: int
) -> None:
    weights = np.array(
        [[drawn.uniform(-3, 3) for _ in range(columns)] for _ in range(rows)], dtype=np.float32
    )
    weights[0] = 0
    values, scales = rounded(weights, axis)
    assert values.dtype == np.int8
    assert (np.abs(values * scales - weights) <= scales * 0.5001).all()


def test_an_export_is_made_once(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, measured = exported(model, "d" * 16)
    assert 0 < measured.shift <= 0.02
    monkeypatch.setattr(openvino_export, "export", None)  # a second one would fail
    assert exported(model, "d" * 16) == (place, measured)


def test_an_interrupted_export_leaves_nothing_and_is_made_anew(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = openvino_export.export

    def interrupted(folder: Path, graph: Path) -> tuple[float, int]:
        whole(folder, graph)
        raise KeyboardInterrupt

    monkeypatch.setattr(openvino_export, "export", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exported(model, "e" * 16)
    monkeypatch.setattr(openvino_export, "export", whole)
    place, _ = exported(model, "e" * 16)
    # What a kill leaves behind: a folder half written, and a file cut off.
    left = place.parent / f".{place.name}.left"
    left.mkdir()
    weights = place / openvino_model.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:1000])
    again, _ = exported(model, "e" * 16)
    assert again == place
    assert weights.stat().st_size > 1000
    assert [one.name for one in place.parent.iterdir() if one.is_dir()] == [place.name]


def test_an_export_too_far_from_fp32_is_refused_and_auto_says_what_it_took(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_export, "STEPS", 2)  # weights of five values
    with pytest.raises(EmbeddingError) as refused:
        load_embeddings(str(model), "openvino")
    assert refused.value.code == "embeddings.too_far"
    assert "--embedding-backend torch" in refused.value.say("zh")
    assert "(torch" in load_embeddings(str(model), "auto").name
