"""Where a tenant asks for a code by mail, and where it is typed."""

from __future__ import annotations

from django.urls import path

from meterbook.web.sign_in_codes import views

urlpatterns = [
    path("sign-in/code", views.ask, name="sign_in_code"),
    path("sign-in/code/type", views.enter, name="sign_in_code_typed"),
]
