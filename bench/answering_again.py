"""What the doubts of the small embedded model are worth, on pairs that a person has labelled.

    python -m bench.answering_again

The embedded model is too small to judge a list; it answers each question once more from its
evidence. Its doubts might reject a pair only if they caught three wrong ones for each right one
lost. Labels stand in answering_again_set.jsonl; a pair without one is counted apart. Results go to
bench/results/answering_again.json.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from bench.report import save_result
from chains import extract_pairs

DOCUMENTS = Path(__file__).resolve().parents[1] / "examples" / "documents"
FILES = {"en": "apollo11.pdf", "zh": "hzmb.pdf"}
LABELS = Path(__file__).with_name("answering_again_set.jsonl")
_DOUBTED = "rejected.answered_otherwise"
LEAST_WORTH = 3
"""Wrong pairs caught for each right one lost, from which doubts should reject."""


def main() -> None:
    """Measures both documents."""
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    right = {(row["question"], row["answer"]): row["right"] for row in rows}
    figures: dict[str, object] = {}
    for language, name in FILES.items():
        made = extract_pairs(DOCUMENTS / name, check="all")
        doubted = [one.item for one in made.rejected if one.reason.code == _DOUBTED]
        kept = [*made.kept, *doubted]  # as the rules alone keep them
        counts = Counter(
            (right.get((pair.question, pair.answer)), pair.verified is False) for pair in kept
        )
        caught, lost = counts[False, True], counts[True, True]
        labelled = sum(counts.values()) - counts[None, True] - counts[None, False]
        all_right = counts[True, False] + lost
        left = labelled - caught - lost
        figures[language] = {
            "kept": len(kept),
            "unlabelled": len(kept) - labelled,
            "right before": round(all_right / max(1, labelled), 3),
            "right if doubts rejected": round(counts[True, False] / max(1, left), 3),
            "wrong pairs doubted": caught,
            "right pairs doubted": lost,
            "should reject": caught >= LEAST_WORTH * max(1, lost),
        }
        print(language, figures[language])
    print(save_result("answering_again", figures))


if __name__ == "__main__":
    main()
