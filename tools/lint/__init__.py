"""Checks of this project's own rules; `python -m tools.lint` runs them all."""
