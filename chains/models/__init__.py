"""Model files on this machine: found, verified, and downloaded when asked for."""
