"""The page: drop a document or paste a text, watch the pairs arrive, take the list away.

qa3 ui          or          chainlit run app_chainlit.py          or mounted by qa3 serve
"""

from __future__ import annotations

from ui.placing import settle

settle()  # before Chainlit is imported, which reads where it stands and what it may do

from ui.answering import register  # noqa: E402 - imports Chainlit
from ui.serving import harden  # noqa: E402

harden()
register()
