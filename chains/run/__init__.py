"""One run: reads inputs, asks ``prompt | llm | parser`` about each chunk, assembles the list."""
