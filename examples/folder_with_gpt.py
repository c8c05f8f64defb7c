"""Every document of a folder, with GPT-3.5; what failed is said and asked again next time.

export OPENAI_API_KEY=...
python examples/folder_with_gpt.py examples/documents pairs.csv
"""

import sys

from qa3 import extract_pairs, write_pairs

pairs = extract_pairs(sys.argv[1], backend="gpt-3.5", concurrency=8)
write_pairs(pairs.kept, sys.argv[2])
for chunk in pairs.chunks:
    if chunk.state == "failed" and chunk.reason:
        print(f"{chunk.source} {chunk.span.start}-{chunk.span.end}: {chunk.reason.say()}")
print(len(pairs.kept), "pairs in", sys.argv[2], "-", pairs.usage.calls, "calls")
