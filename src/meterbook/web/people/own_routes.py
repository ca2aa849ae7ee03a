"""Routes of a person's own account, and of links that were handed out; outside any organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.people import joining, own

urlpatterns = [
    path("me/browsers", own.own_sessions, name="own_sessions"),
    path("me/second-step", own.second_step_page, name="second_step"),
    path("me/see-as/end", own.end_seeing, name="end_seeing"),
    path("join/<str:token>", joining.open_invitation, name="open_invitation"),
    path("password/<str:token>", joining.use_password_link, name="use_password_link"),
]
