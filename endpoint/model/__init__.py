"""ChatGLM3: checkpoint, tokenizer, inference engines and format conversion."""
