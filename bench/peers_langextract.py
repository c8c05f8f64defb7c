"""LangExtract over a folder of text files: answers extracted, with their question as an attribute.

    python bench/peers_langextract.py FOLDER OUT.jsonl ADDRESS WIDTH SIZE

Run by ``bench.peers`` in an environment of its own. As documented for OpenAI-compatible addresses
and long texts: an example a language, as many workers as a batch is long, the tokenizer for other
scripts than Latin, and only extractions kept that were located in the text. Fenced output is
allowed for, which takes bare JSON as well. One call a file, so that a failing file costs no other.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

BATCH = 10_000
TASK = (
    "Extract every answer that the text gives to a question one may ask, in order of appearance, "
    "in the exact words of the text. As its attribute give the question, in the language of the "
    "text."
)


def main() -> None:
    """Writes the pairs of each file as soon as it is done, and says what went wrong."""
    lx: Any = import_module("langextract")
    config: Any = import_module("langextract.factory").ModelConfig
    tokenizer: Any = import_module("langextract.core.tokenizer").UnicodeTokenizer
    folder, output, address, width, size = sys.argv[1:]
    options = {"api_key": "none", "base_url": address, "max_workers": int(width)}
    model = config(
        model_id="simulated", provider="openai", provider_kwargs={**options, "temperature": 0.0}
    )
    Path(output).unlink(missing_ok=True)
    for path in sorted(Path(folder).iterdir()):
        try:
            result = lx.extract(
                path.read_text(encoding="utf-8"),
                prompt_description=TASK,
                examples=_examples(lx),
                config=model,
                max_char_buffer=int(size),
                max_workers=int(width),
                batch_length=BATCH,
                fence_output=True,
                use_schema_constraints=False,
                tokenizer=tokenizer(),
                show_progress=False,
            )
        except Exception as error:  # noqa: BLE001 - a user's script would go on with the next file
            print(f"{path.name}: {type(error).__name__}: {str(error)[:200]}")
            continue
        located = [one for one in result.extractions if one.char_interval]
        print(f"{path.name}: {len(located)} of {len(result.extractions)} extractions located")
        with Path(output).open("a", encoding="utf-8") as file:
            for one in located:
                question = (one.attributes or {}).get("question", "")
                row = {"question": question, "answer": one.extraction_text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _examples(lx: Any) -> list[Any]:
    shown = (
        (
            "The Brooklyn Bridge was opened on 24 May 1883.",
            "24 May 1883",
            "When was the Brooklyn Bridge opened?",
        ),
        ("青岛啤酒厂由英德两国商人创办。", "英德两国商人", "青岛啤酒厂是由谁创办的？"),
    )
    return [
        lx.data.ExampleData(
            text=text,
            extractions=[
                lx.data.Extraction(
                    extraction_class="answer",
                    extraction_text=answer,
                    attributes={"question": question},
                )
            ],
        )
        for text, answer, question in shown
    ]


if __name__ == "__main__":
    main()
