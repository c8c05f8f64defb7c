"""ChatGLM3 itself: checkpoint, tokenizer, the engines that run it, and its conversion."""
