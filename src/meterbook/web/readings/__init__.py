"""Readings that people take at the meters: the round of a month, typed in one list, and its sheet for paper."""
