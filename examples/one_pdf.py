"""Pairs from one PDF, with the passage that proves each.

python examples/one_pdf.py examples/documents/apollo11.pdf
"""

import sys

from qa3 import extract_pairs

pairs = extract_pairs(sys.argv[1])
for pair in pairs.kept:
    print(pair.question)
    print("  ", pair.answer)
    print(f"   page {pair.page}: {pair.evidence.sentence}")
print(
    len(pairs.kept), "kept,", len(pairs.duplicates), "duplicates,", len(pairs.rejected), "rejected"
)
