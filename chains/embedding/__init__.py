"""What duplicates are judged with: an embedding on this machine, or behind an address."""
