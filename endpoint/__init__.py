"""Local OpenAI-compatible model servers: ChatGLM3 and llama.cpp."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
