"""Routes of the sites, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.sites import setup

urlpatterns = [
    path("", setup.sites, name="sites"),
    path("new", setup.new, name="site_new"),
]
