"""The rules' word on what a model wrote: evidence, and the reason against a pair.

``rulings.py`` gives it, in this process or in one of its own: ``python -m chains.run.rules`` is
that one, ``service.py`` what it does, ``process.py`` its parent's side.
"""
