"""Scores as sound: a SoundFont read, notes rendered from it, all of them mixed and written as WAVE."""
