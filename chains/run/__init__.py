"""One run: inputs, prompt | llm | parser for each chunk, assembly into one list."""
