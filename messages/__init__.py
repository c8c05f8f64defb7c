"""Every sentence a user reads, in Chinese and English, the error that speaks them, and the log."""

import logging

import lazy_loader

from .texts import ROOMS

# Silent until somebody asks: without a handler of its own, logging prints warnings to stderr.
for _room in ROOMS:
    logging.getLogger(_room).addHandler(logging.NullHandler())

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
