"""A checkpoint in every layout, and every way in which one can be no checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from endpoint.errors import EndpointError
from endpoint.model.checkpoint import Shape, expected, read_shape
from endpoint.model.dialogue_format import ChatTokenizer
from endpoint.model.load_torch import load_model
from endpoint.model.shards import native_tensors

MODEL = Path(__file__).resolve().parent.parent / "data" / "chatglm3"
REFERENCE: dict[str, Any] = json.loads((MODEL / "reference.json").read_text(encoding="utf-8"))
ENDS = frozenset(REFERENCE["eos_token_ids"])
FULL = {
    "padded_vocab_size": 65_024,
    "hidden_size": 4096,
    "ffn_hidden_size": 13_696,
    "num_layers": 28,
    "num_attention_heads": 32,
    "kv_channels": 128,
    "seq_length": 8192,
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    return folder


def change(folder: Path, **fields: Any) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**config, **fields}), encoding="utf-8")


def worst(folder: Path) -> float:
    """The largest difference of any last logit from the reference."""
    model = load_model(folder, read_shape(folder), ENDS, device="cpu", dtype=torch.float32)
    differences = []
    for case in REFERENCE["logits_cases"]:
        with torch.inference_mode():
            logits = model(torch.tensor([case["input_ids"]])).logits[0]
        assert logits.argmax(-1).tolist() == case["argmax_all"]
        wanted = torch.tensor(case["last_logits"])
        differences.append(float((logits[-1] - wanted).abs().max()))
    return max(differences)


def said_by(call: Callable[[], object]) -> EndpointError:
    with pytest.raises(EndpointError) as said:
        call()
    for language in ("en", "zh"):
        assert "{" not in said.value.say(language)
    return said.value


def read_all(folder: Path) -> None:
    for _ in native_tensors(folder, read_shape(folder)):
        pass


def test_the_logits_are_those_of_thudms_code() -> None:
    assert worst(MODEL) < 1e-4


def test_pickled_shards_give_the_same_logits(copy: Path) -> None:
    names = {}
    for number, file in enumerate(sorted(copy.glob("*.safetensors")), 1):
        name = f"pytorch_model-{number:05d}-of-00002.bin"
        tensors = load_file(file)
        torch.save(tensors, copy / name)
        names.update(dict.fromkeys(tensors, name))
        file.unlink()
    (copy / "model.safetensors.index.json").unlink()
    assert worst(copy) < 1e-4
    index = {"metadata": {}, "weight_map": names}
    (copy / "pytorch_model.bin.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert worst(copy) < 1e-4


def test_without_an_index_the_numbered_files_are_taken(copy: Path) -> None:
    (copy / "model.safetensors.index.json").unlink()
    read_all(copy)


def test_bfloat16_keeps_its_bits(copy: Path) -> None:
    from safetensors.torch import save_file

    for file in copy.glob("*.safetensors"):
        save_file({k: v.bfloat16() for k, v in load_file(file).items()}, file)
    shape = read_shape(copy)
    model = load_model(copy, shape, ENDS, device="cpu", dtype=torch.float32)
    whole = load_model(MODEL, shape, ENDS, device="cpu", dtype=torch.float32)
    for name, value in whole.state_dict().items():
        assert torch.equal(model.state_dict()[name], value.bfloat16().float())


def test_full_size_has_as_many_weights_as_published(tmp_path: Path) -> None:
    config = json.loads((MODEL / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, **FULL}), encoding="utf-8")
    shape = read_shape(tmp_path)
    assert shape.parameters == 6_243_584_000
    assert sum(int(np.prod(size)) for size in expected(shape).values()) == shape.parameters
    # 200 tensors of THUDM's, the frequencies left out: q, k and v stand in one with one bias.
    assert len(expected(shape)) == 199 + 28 * 4


@pytest.mark.parametrize("ratio", [1, 50, 500])
def test_the_32k_variant_turns_slower(copy: Path, ratio: int) -> None:
    change(copy, rope_ratio=ratio, seq_length=32_768)
    shape = read_shape(copy)
    assert (shape.rope, shape.positions) == (10_000.0 * ratio, 32_768)
    model = load_model(copy, shape, ENDS, device="cpu", dtype=torch.float32)
    turned: Any = model.model.rotary_emb.inv_freq
    # Half of 32 channels turn in pairs: 8 frequencies.
    wanted = 1 / (10_000.0 * ratio) ** (np.arange(0, 16, 2) / 16)
    assert np.allclose(turned.numpy(), wanted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("original_rope", False),
        ("rmsnorm", False),
        ("add_bias_linear", True),
        ("apply_residual_connection_post_layernorm", True),
        ("quantization_bit", 4),
        ("pre_seq_len", 128),
        ("tie_word_embeddings", True),
        ("model_type", "llama"),
        ("multi_query_group_num", 3),
    ],
)
def test_what_is_not_supported_is_named(copy: Path, field: str, value: object) -> None:
    change(copy, **{field: value})
    error = said_by(lambda: read_shape(copy))
    assert error.code == "endpoint.model_unsupported"
    named = "attention" if field == "multi_query_group_num" else field
    assert named in error.say("en")
    assert named in error.say("zh")


def test_what_is_null_or_zero_is_as_published(copy: Path) -> None:
    nothing = {"quantization_bit": 0, "pre_seq_len": None, "rope_ratio": None, "rmsnorm": None}
    change(copy, **nothing, classifier_dropout=None, prefix_projection=False)
    assert read_shape(copy) == read_shape(MODEL)


@pytest.mark.parametrize("value", [0, -1, "many", None, 1.5, True, 1 << 40])
def test_a_size_that_is_none_is_said(copy: Path, value: object) -> None:
    change(copy, hidden_size=value)
    assert said_by(lambda: read_shape(copy)).code == "endpoint.config_field"


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_broken_configuration_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    assert said_by(lambda: read_shape(tmp_path)).code == "endpoint.json_broken"


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    assert said_by(lambda: read_shape(tmp_path)).code == "endpoint.no_file"


@pytest.mark.parametrize("indexed", [True, False])
def test_a_missing_shard_is_named(copy: Path, indexed: bool) -> None:
    (copy / "model-00002-of-00002.safetensors").unlink()
    if not indexed:
        (copy / "model.safetensors.index.json").unlink()
    error = said_by(lambda: read_all(copy))
    assert error.code == "endpoint.missing_files"
    assert "model-00002-of-00002.safetensors" in error.say("en")


def test_a_folder_without_weights_is_said(copy: Path) -> None:
    for file in copy.glob("model*"):
        file.unlink()
    assert said_by(lambda: read_all(copy)).code == "endpoint.no_weights"


def test_a_pointer_in_place_of_a_file_is_said(copy: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n"
    (copy / "model-00001-of-00002.safetensors").write_bytes(pointer)
    assert said_by(lambda: read_all(copy)).code == "endpoint.cut_off"


def test_shards_of_another_model_are_said(copy: Path) -> None:
    change(copy, ffn_hidden_size=512)
    assert said_by(lambda: read_all(copy)).code == "endpoint.tensor"
    change(copy, ffn_hidden_size=384, num_layers=4)
    assert said_by(lambda: read_all(copy)).code == "endpoint.tensors_missing"
    change(copy, num_layers=2)
    assert said_by(lambda: read_all(copy)).code == "endpoint.tensor"


@pytest.mark.parametrize("kind", ["pickle", "zip", "list"])
def test_a_pickle_that_is_no_checkpoint_is_refused_unrun(copy: Path, kind: str) -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (copy / "run",)

    for file in copy.glob("model*"):
        file.unlink()
    place = copy / "pytorch_model.bin"
    if kind == "pickle":
        place.write_bytes(pickle.dumps(Bomb()))
    elif kind == "zip":
        place.write_bytes(b"PK\x03\x04" + bytes(100))
    else:
        torch.save([1, 2], place)
    assert said_by(lambda: read_all(copy)).code == "endpoint.cut_off"
    assert not (copy / "run").exists()


SHARD = (MODEL / "model-00002-of-00002.safetensors").read_bytes()
SHAPE: Shape = read_shape(MODEL)


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spoiled") / "model"
    shutil.copytree(MODEL, folder)
    return folder


@given(st.integers(0, len(SHARD) - 1))
@settings(deadline=None, max_examples=60)
def test_a_shard_cut_off_anywhere_is_said(spoiled: Path, length: int) -> None:
    (spoiled / "model-00002-of-00002.safetensors").write_bytes(SHARD[:length])
    error = said_by(lambda: read_all(spoiled))
    assert error.code == "endpoint.cut_off"
    assert "model-00002-of-00002.safetensors" in error.say("zh")


HEADER = int.from_bytes(SHARD[:8], "little")


@given(st.integers(0, HEADER + 7), st.integers(0, 255))
@settings(deadline=None, max_examples=200)
def test_a_spoiled_header_is_an_error_or_nothing(spoiled: Path, place: int, byte: int) -> None:
    content = bytearray(SHARD)
    content[place] = byte
    (spoiled / "model-00002-of-00002.safetensors").write_bytes(content)
    try:
        read_all(spoiled)
    except EndpointError as error:
        assert error.say("zh")  # noqa: PT017 - reading may also succeed


def test_a_tokenizer_of_another_model_does_not_load(copy: Path) -> None:
    change(copy, padded_vocab_size=65_024)
    error = said_by(lambda: ChatTokenizer(copy, read_shape(copy).vocabulary))
    assert error.code == "endpoint.tokenizer_other"
