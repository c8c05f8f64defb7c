"""Calling a model: backends, chat models, retries, rate limits, budgets, errors."""
