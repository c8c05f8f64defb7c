"""What schemathesis sends as files: ones that can be read, which a schema cannot say."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

WRITTEN = [
    "赵州桥由隋朝工匠李春设计建造。".encode(),
    b"The Forth Bridge was opened in 1890.",
    "# 桥\n\n赵州桥全长64.4米。\n".encode("gb18030"),
]
for kind in ("text/plain", "text/markdown", "text/html", "text/csv"):
    schemathesis.openapi.media_type(kind, st.sampled_from(WRITTEN))
