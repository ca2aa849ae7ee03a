"""Routes of the settings, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.settings import channels, delivery_log, own

urlpatterns = [
    path("", channels.channels, name="settings"),
    path("log/", delivery_log.messages, name="message_log"),
    path("log/<uuid:message>/", delivery_log.message, name="message"),
    path("log/<uuid:message>/retry", delivery_log.retry, name="message_retry"),
    path("own", own.own, name="own_messages"),
]
