"""The desk: a list beside its document, reviewed in the browser."""
