"""Files in: bytes become text, text becomes Documents, Documents become chunks.

documents = load("report.pdf")
chunks = split(documents)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
