"""Signing in through the provider that the owner of the installation set; `web.settings.single_sign_on` sets it."""
