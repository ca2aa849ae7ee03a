"""Rates of OpenEI's Utility Rate Database (URDB), read into tariff documents. Pure Python."""
