"""Runs a target under a profiler and compares what both say. Shared by tests/truth and bench."""
