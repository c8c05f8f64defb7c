"""How pairs are made: settings, models, the chain, the journal, runs, jobs and chat.

Scripts, doors and examples import from here. ``__init__.pyi`` names what there is; each name is
loaded when it is first used, so that importing this package costs nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
