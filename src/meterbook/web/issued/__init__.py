"""Issued documents: their register, the chain of days, the certificate that signs."""
