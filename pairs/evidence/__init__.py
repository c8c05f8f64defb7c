"""Whether a passage proves an answer: grounding, numbers, contradiction, quality."""
