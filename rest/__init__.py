"""The REST service; ``app_rest.py`` is its entry point."""
