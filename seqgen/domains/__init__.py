"""The outside world: one folder per domain; they never import each other."""
