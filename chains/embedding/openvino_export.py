"""Exports a sentence-transformers model to OpenVINO with int8 weights, and measures the error.

Plain ``openvino`` suffices: torch traces the model, OpenVINO's front end reads the trace, and the
weights of its matrix products are replaced by int8 values with one scale an output, the form that
OpenVINO's CPU plug-in multiplies in int8. (``openvino.convert_model`` would do the first part too,
but reports its use over the network.)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EmbeddingError
from .torch_encoder import TorchEncoder, quiet

if TYPE_CHECKING:
    import numpy as np

STEPS = 127  # of an int8 on either side of zero
SMALLEST = 64  # a matrix of fewer rows or columns gains nothing
PROBES = (
    "什么是数据库索引？",
    "数据库索引是什么",
    "2022年的营业收入是多少？",
    "2023年的营业收入是多少？",
    "港珠澳大桥全长多少公里？",
    "谁负责签署合同？",
    "如何启用双重验证？",
    "如何禁用双重验证？",
    "退款需要几个工作日到账？",
    "公司的注册地址在哪里？",
    "What is a database index?",
    "What does an index do in a database?",
    "When did Apollo 11 land on the Moon?",
    "Who was the first person on the Moon?",
    "How many days does a refund take?",
    "Where is the company registered?",
    "How do I turn on two-factor authentication?",
    "报告期内，公司实现营业收入12.5亿元，同比增长8%，主要由于新产品的销售超出预期。" * 6,
    "甲方应在收到发票之日起三十日内付款；逾期的，每日按应付金额的万分之五支付违约金。" * 4,
    "The index speeds up reading at the cost of slower writing and more space on disk. " * 8,
    "Payment is due within thirty days of the invoice; a late fee of 1.5 % a month applies. " * 4,
)
"""Probe texts, short and long, similar and different, in both languages."""


def export(folder: Path, graph: Path) -> tuple[float, int]:
    """The exported model's largest shift of a cosine against fp32, and its token limit per text.

    Args:
        folder: Of the model.
        graph: Where the graph is written, an ``.xml``; its weights stand beside it as ``.bin``.

    Raises:
        EmbeddingError: The model cannot be loaded or exported.
    """
    encoder = TorchEncoder(folder, "fp32")
    tokens = _tokens(encoder.model)
    try:
        with quiet():
            _write(encoder, tokens, graph)
            shift = _shift(encoder, tokens, graph)
    except OSError:
        raise
    except Exception as error:  # tracing raises whatever a foreign model's code meets
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EmbeddingError("embeddings.export", folder=str(folder), reason=reason) from error
    return shift, tokens


def _tokens(model: Any) -> int:
    limit = model.max_seq_length
    return int(limit) if limit else 512


def _ask(encoder: TorchEncoder, tokens: int, texts: list[str], form: str) -> Any:
    asked = encoder.model.tokenizer(
        texts, padding=True, truncation=True, max_length=tokens, return_tensors=form
    )
    return asked["input_ids"], asked["attention_mask"]


def _write(encoder: TorchEncoder, tokens: int, graph: Path) -> None:
    """Traces the model, replaces its weights and writes it."""
    import openvino
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    class Traced(torch.nn.Module):
        """The model as a function of two tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = encoder.model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.model(features)["sentence_embedding"]

    example = _ask(encoder, tokens, list(PROBES[:2]), "pt")
    with torch.no_grad():
        decoder = TorchScriptPythonDecoder(Traced().eval(), example_input=example)
    front = FrontEndManager().load_by_framework("pytorch")
    model = front.convert(front.load(decoder))
    model.reshape({one: openvino.PartialShape([-1, -1]) for one in model.inputs})
    _to_int8(model)
    openvino.save_model(model, graph, compress_to_fp16=False)


def _to_int8(model: Any) -> None:
    """Replaces constant matrices in matrix products by int8 values with a scale per row."""
    import numpy as np
    from openvino import opset13 as operations

    for product in model.get_ops():
        if product.get_type_name() != "MatMul":
            continue
        constant = product.input_value(1).get_node()
        if constant.get_type_name() != "Constant" or min(constant.shape, default=0) < SMALLEST:
            continue
        weights = constant.data.astype(np.float32)
        inner = -1 if product.get_attributes()["transpose_b"] else -2
        values, scales = rounded(weights, inner)
        whole = operations.convert(operations.constant(values), "f32")
        scaled = operations.multiply(whole, operations.constant(scales))
        product.input(1).replace_source_output(scaled.output(0))


def rounded(weights: np.ndarray, inner: int) -> tuple[np.ndarray, np.ndarray]:
    """Int8 values and float32 scales such that ``values * scales`` approximates the weights.

    Args:
        weights: A matrix, float32.
        inner: The axis summed over in the product; each line along it has its own scale.
    """
    import numpy as np

    scales = np.abs(weights).max(axis=inner, keepdims=True) / STEPS
    scales[scales == 0] = 1
    values = np.rint(weights / scales).astype(np.int8)
    return values, scales.astype(np.float32)


def _shift(encoder: TorchEncoder, tokens: int, graph: Path) -> float:
    """The largest change of a cosine between two probes, against fp32 as the model runs in torch.

    The export gets them in one padded batch and torch one by one, with its own tokenizer: so
    leaking padding and differences in tokenizing show here too.
    """
    import numpy as np
    import openvino

    run = openvino.Core().compile_model(graph, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    probes = list(PROBES)
    mine = run(list(_ask(encoder, tokens, probes, "np")))[0]
    theirs = np.concatenate([encoder([text]) for text in probes])
    change = _cosines(mine) - _cosines(theirs)
    return float(np.abs(change).max())


def _cosines(vectors: np.ndarray) -> np.ndarray:
    import numpy as np

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines: np.ndarray = unit @ unit.T
    return cosines
