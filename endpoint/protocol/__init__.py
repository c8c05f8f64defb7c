"""OpenAI's protocol over HTTP: requests in, answers out, one queue between them."""
