"""From what a counter showed to what was used: pure functions, exact to the last unit."""
