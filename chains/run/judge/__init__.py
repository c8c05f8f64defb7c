"""The judge: a model that checks the pairs of a chunk against its text, and is itself measured."""
