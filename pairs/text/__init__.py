"""Text analysis for Chinese and English: normalisation, figures, negation, terms."""
