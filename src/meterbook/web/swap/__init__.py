"""Swap tests: switch a unit off and see which meter falls."""
