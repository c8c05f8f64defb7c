"""Prompts: one YAML file per prompt and language, validated and loaded here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
