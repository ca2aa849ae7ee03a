"""Routes of the links in messages: they work without signing in."""

from __future__ import annotations

from django.urls import path

from meterbook.web.settings import following, https

urlpatterns = [
    path("authority.crt", https.root_certificate, name="root_certificate"),
    path("messages/stop/<str:token>", following.stop, name="stop_messages"),
    path("messages/confirm/<str:token>", following.confirm, name="confirm_destination"),
]
