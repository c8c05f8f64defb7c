"""Deduplication: vector search, guards against false merges, answer comparison."""
