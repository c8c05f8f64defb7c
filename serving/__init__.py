"""What every HTTP server of ours does alike: who may ask, in which language, and event streams."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
