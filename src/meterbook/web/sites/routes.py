"""Routes of the sites, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.sites import setup, tree

urlpatterns = [
    path("", setup.sites, name="sites"),
    path("new", setup.new, name="site_new"),
    path("<uuid:site>/", tree.tree, name="site_tree"),
    path("<uuid:site>/places/<uuid:node>", tree.branch, name="site_branch"),
]
