"""The page: drop a document or paste a text, watch the pairs arrive, take the list away.

qa3 ui          or          chainlit run app_chainlit.py          or mounted by qa3 serve
"""

from __future__ import annotations

from ui.chainlit_home import settle

settle()  # before Chainlit is imported, which reads where it stands and what it may do

from ui.handlers import register  # noqa: E402 - imports Chainlit
from ui.server import harden  # noqa: E402

harden()
register()
