"""Lists of pairs in files: export, import, formats."""
