"""Compare this repository with a folder of reference data: what may not enter it, and facts that must agree."""
