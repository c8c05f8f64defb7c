"""The local model servers: OpenAI-compatible addresses on this machine, spoken to over HTTP."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
