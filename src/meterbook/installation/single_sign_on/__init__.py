"""Signing in through a provider of OpenID Connect that the owner of the installation trusts."""
