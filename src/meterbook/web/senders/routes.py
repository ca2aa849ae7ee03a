"""Routes of devices that send by HTTP, below the topology of an organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.senders import changes, views

urlpatterns: list[URLPattern] = [
    path("", views.senders, name="senders"),
    path("new", changes.new, name="sender_new"),
    path("<uuid:sender>/", views.sender, name="sender"),
    path("<uuid:sender>/change", changes.change, name="sender_change"),
    path("<uuid:sender>/token", changes.token, name="sender_token"),
    path("<uuid:sender>/revoke", changes.revoke, name="sender_revoke"),
]
