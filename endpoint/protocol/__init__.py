"""The OpenAI-compatible HTTP API: requests, responses and the queue between them."""
