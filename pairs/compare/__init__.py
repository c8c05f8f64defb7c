"""Whether two pairs ask the same: vectors, guards, judgement, deduplication."""
