"""The page: what a person sees who drops a document; app_chainlit.py is its entry."""
