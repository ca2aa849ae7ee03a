"""Where a browser is sent to the provider, and where it comes back."""

from __future__ import annotations

from django.urls import path

from meterbook.web.single_sign_on import signing

urlpatterns = [
    path("sign-in/provider", signing.begin, name="provider_begin"),
    path("sign-in/provider/done", signing.finish, name="provider_done"),
]
