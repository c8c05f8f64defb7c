"""The commands of ``qa3``, one module per group; ``app_cli.py`` is the entry point."""
