"""Voices: a few melodic lines on a grid, one id per voice and step."""
