"""Conversations: with a model, and with what a finished list and its documents say."""
