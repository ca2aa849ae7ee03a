"""Routes of the public page: short, because a code on paper leads to them."""

from __future__ import annotations

from django.urls import path

from meterbook.web.verify import views

urlpatterns = [
    path("v", views.enter, name="verify_enter"),
    path("v/<str:code>", views.verify, name="verify"),
    path("v/<str:code>/open", views.open_document, name="verify_open"),
]
