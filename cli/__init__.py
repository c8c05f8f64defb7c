"""The rooms behind ``app_cli.py``: one file a group of commands, and what they show."""
