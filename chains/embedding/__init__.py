"""Embeddings for comparing questions: a model on this machine, a packaged one, or a server."""
