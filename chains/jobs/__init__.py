"""Jobs for long-running interfaces: runner, event log, progress, resume, report."""
