"""Gaps of a meter: what each method estimates, the edits and estimates there are, and the order of methods."""
