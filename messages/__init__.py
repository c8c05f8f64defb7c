"""Every sentence a user reads, in Chinese and English, and the error that speaks them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
