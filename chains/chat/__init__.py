"""Conversations with a model, free or answered from a finished list and its documents."""
