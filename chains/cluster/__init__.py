"""A run's work on the machines of a Ray cluster; Ray is imported when a run asks for it."""
