"""The balance sheet of energy."""
