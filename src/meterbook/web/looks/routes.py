"""Routes of templates, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.looks import pictures, views

urlpatterns = [
    path("", views.templates_page, name="bill_templates"),
    path("edit", views.edit, name="bill_template"),
    path("preview", views.preview, name="bill_template_preview"),
    path("activate", views.activate, name="bill_template_activate"),
    path("pictures", pictures.pictures, name="bill_pictures"),
]
