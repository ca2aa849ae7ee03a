"""Correct how many times a meter counted, look at the bills that change by it, and have them billed anew."""
