"""Routes of delegations, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.delegation import views

urlpatterns = [
    path("", views.delegations, name="delegations"),
    path("new", views.entrust, name="entrust"),
    path("<uuid:delegation>/end", views.revoke, name="delegation_revoke"),
]
