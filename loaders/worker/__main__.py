"""``python -m loaders.worker``: a reading process, started by ``child.py``."""

from .light import without_langchain

if __name__ == "__main__":
    without_langchain()
    from .server import main

    main()
