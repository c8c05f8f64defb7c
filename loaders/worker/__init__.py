"""Child processes in which files are read, watched from outside and ended where they go too far.

``python -m loaders.worker`` is the child, ``child.py`` its parent's side, ``pool.py`` keeps a few
of them, ``reading.py`` asks one of them for a file, ``pdf.py`` several for a PDF.
"""
