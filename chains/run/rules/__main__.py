"""``python -m chains.run.rules``: a process that checks pairs, started by ``process.py``."""

from loaders.worker.light import without_langchain

if __name__ == "__main__":
    without_langchain()
    from .service import main

    main()
