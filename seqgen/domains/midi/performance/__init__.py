"""Performances: what sounds when, in seconds instead of bars and beats."""
