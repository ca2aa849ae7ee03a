"""Shared costs: their list, the form of one, what was entered for it, and its allocation sheets."""
