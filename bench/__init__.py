"""Benchmarks: one file a question, each run against the same rows by plain SQL in the same run."""
