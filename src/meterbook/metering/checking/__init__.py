"""Whether a day of a meter can be right (B-18): pure functions on whole days, exact integers."""
