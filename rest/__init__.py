"""The rooms behind ``app_rest.py``: what may come in, what runs, what goes out, and who watches."""
