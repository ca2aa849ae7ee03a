"""Certificates: an authority of the installation's own, or files that somebody gives."""
