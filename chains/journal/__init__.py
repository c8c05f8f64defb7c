"""The journal: replies, jobs, documents, lists and leases in one SQLite file."""
