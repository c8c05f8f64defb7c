"""Entry point of the Chainlit page; the code is in ``ui/``.

qa3 ui          or          chainlit run app_chainlit.py          or mounted by qa3 serve
"""

from __future__ import annotations

from ui.chainlit_home import settle

settle()  # before Chainlit is imported, which reads its folder and settings at import

from ui.handlers import register  # noqa: E402 - imports Chainlit
from ui.server import harden  # noqa: E402

harden()
register()
