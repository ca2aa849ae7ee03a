"""Readings from files: tables, their mapping, instants and registers. No database."""
