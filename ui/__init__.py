"""The Chainlit page; ``app_chainlit.py`` is its entry point."""
