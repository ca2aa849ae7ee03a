"""Customers, accounts and contracts from a workbook, and back, on the machinery of a building's workbook."""
