"""Logs as others write them: a reader for each format, and the registry of those that are known."""
