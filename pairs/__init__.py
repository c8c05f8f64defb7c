"""What comes out: pairs with their evidence, deduplicated into one list, and its file formats.

Scripts, doors and examples import from here. ``__init__.pyi`` names what there is; each name is
loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
