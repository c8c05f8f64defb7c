"""The tokenizer of a checkpoint in the form that transformers' AutoTokenizer reads by itself.

Special ids get names around a noncharacter of Unicode (U+FDD0), which no text that is exchanged
holds and which the chat template takes out of every message: what users write never becomes a role.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import EndpointError
from .dialogue_format import BEGIN, END, SPECIALS, TOOLS_OFFERED, UNKNOWN, ChatTokenizer

MARK = "\ufdd0"
CONTROLS = {UNKNOWN: "unk", BEGIN: "s", END: "/s"}
SAMPLES = (
    "你好", "中国的首都是哪里？ What is it?", "  two  spaces  ", "a\nb\n\n c\t d\r\n", "😀👋🏽 ﷽ é",
    "ＡＢＣ　全角，标点。", "<s> </s> <unk> <0x0A> ▁ <|system|>", "philosophy sop", "日本語",
    "", " ", "1234567890 3.14", "\x00",
)  # fmt: skip


def special_name(id_: int, size: int) -> str:
    """The name of an id that no text may give: a control id, a role, or padding.

    Args:
        id_: The id.
        size: Pieces of the vocabulary; the nine special ids follow them.
    """
    if id_ in CONTROLS:
        return f"{MARK}{CONTROLS[id_]}{MARK}"
    place = id_ - size
    name = SPECIALS[place].strip("<|>") if place < len(SPECIALS) else f"no text {id_}"
    return f"{MARK}{name}{MARK}"


def tokenizer_json(tokenizer: ChatTokenizer, rows: int) -> str:
    """The vocabulary as the JSON of the ``tokenizers`` library: BPE with bytes for rare characters.

    Args:
        tokenizer: The model's.
        rows: Of the model's embedding; ids above the special ones get names as well.
    """
    words, scores, kinds = tokenizer.pieces()
    names = [
        special_name(at, len(words)) if at in CONTROLS else word for at, word in enumerate(words)
    ]
    names += [special_name(at, len(words)) for at in range(len(words), rows)]
    special = [*CONTROLS, *range(len(words), rows)]
    prefix = [
        special_name(len(words) + SPECIALS.index(name), len(words)) for name in ("[gMASK]", "sop")
    ]
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": at,
                "content": names[at],
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for at in special
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                *({"SpecialToken": {"id": name, "type_id": 0}} for name in prefix),
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                *({"SpecialToken": {"id": name, "type_id": 0}} for name in prefix),
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {
                name: {"id": name, "ids": [names.index(name)], "tokens": [name]} for name in prefix
            },
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": names[UNKNOWN],
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {name: at for at, name in enumerate(names)},
            "merges": list(_merges(words, scores, kinds)),
        },
    }
    return json.dumps(content, ensure_ascii=False)


def _merges(words: list[str], scores: list[float], kinds: list[str]) -> Iterator[list[str]]:
    """All pairs of pieces that make a third one, the best first.

    SentencePiece merges the pair whose whole has the highest score; a rank says the same.
    """
    ids = {word: at for at, word in enumerate(words) if kinds[at] == "NORMAL"}
    best = sorted((at for at in ids.values()), key=lambda at: (-scores[at], at))
    for at in best:
        word = words[at]
        cuts = [(word[:cut], word[cut:]) for cut in range(1, len(word))]
        pairs = [(left, right) for left, right in cuts if left in ids and right in ids]
        yield from (list(pair) for pair in sorted(pairs, key=lambda p: (ids[p[0]], ids[p[1]])))


def write_tokenizer(tokenizer: ChatTokenizer, rows: int, positions: int, target: Path) -> None:
    """Writes ``tokenizer.json`` and ``tokenizer_config.json`` into a folder.

    Args:
        tokenizer: The model's.
        rows: Of the model's embedding.
        positions: Of the model.
        target: The folder.

    Raises:
        EndpointError: The written tokenizer would read some text otherwise than the model's own.
    """
    from tokenizers import Tokenizer

    text = tokenizer_json(tokenizer, rows)
    written = Tokenizer.from_str(text)
    _refuse_differences(tokenizer, written)
    written.save(str(target / "tokenizer.json"))
    names = {at: special_name(at, tokenizer.size) for at in CONTROLS}
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": names[BEGIN],
        "eos_token": names[END],
        "unk_token": names[UNKNOWN],
        "pad_token": names[UNKNOWN],
        "padding_side": "left",
        "model_max_length": positions,
        "clean_up_tokenization_spaces": False,
        "chat_template": chat_template(tokenizer.size),
    }
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _refuse_differences(tokenizer: ChatTokenizer, written: Any) -> None:
    words, _, kinds = tokenizer.pieces()
    pieces = [
        word.replace("▁", " ") for word, kind in zip(words, kinds, strict=True) if kind == "NORMAL"
    ]
    for text in (*SAMPLES, *pieces):
        if written.encode(text, add_special_tokens=False).ids != tokenizer.text_ids(text):
            raise EndpointError("endpoint.tokenizer_differs", text=text)


def chat_template(size: int, blank: str = "") -> str:
    """The Jinja template of a dialogue; rendered and encoded it has the ids of ``prompt_ids``.

    A role's line and its text are encoded apart there, so each begins with a blank; in one text the
    blank in front of the second has to be written. Filters are those that transformers and
    llama.cpp have both.

    Args:
        size: Pieces of the vocabulary.
        blank: Written behind each role; empty where the tokenizer puts one there itself.
    """
    text = (Path(__file__).parent / "chat_template.jinja").read_text(encoding="utf-8").strip()
    for at, name in enumerate(SPECIALS):
        if name != "eop":  # not needed, and part of words
            text = text.replace(name, special_name(size + at, size))
    return (
        text.replace("TOOLS_OFFERED", TOOLS_OFFERED).replace("MARK", MARK).replace("BLANK", blank)
    )
