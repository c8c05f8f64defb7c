"""Jobs for doors that stay open: runner, event log, progress, resume, report."""
