"""Suppliers' invoices: their list, one with what was recovered of it, its form, and files that bring several."""
