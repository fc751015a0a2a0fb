"""REMI: any number of instruments in one stream of bars, positions and notes."""
