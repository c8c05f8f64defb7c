"""The local model servers: OpenAI-compatible addresses on this machine, spoken to over HTTP."""
