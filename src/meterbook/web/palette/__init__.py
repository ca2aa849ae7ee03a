"""The palette: jumps to anything that has a name or number, and to every page."""
