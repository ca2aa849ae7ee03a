"""Disputes about bills, on both sides."""
