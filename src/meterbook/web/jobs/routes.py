"""Routes of jobs, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.jobs import managing, parts, views

urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("new", managing.new, name="job_new"),
    path("at/meters/<uuid:meter>", parts.of_meter, name="jobs_of_meter"),
    path("at/places/<uuid:node>", parts.of_place, name="jobs_of_place"),
    path("photos/<uuid:field_photo>", views.photo, name="field_photo"),
    path("<uuid:job>/", views.job, name="job"),
    path("<uuid:job>/begin", views.begin, name="job_begin"),
    path("<uuid:job>/end", views.end, name="job_end"),
    path("<uuid:job>/change", managing.change, name="job_change"),
    path("<uuid:job>/withdraw", managing.withdraw, name="job_withdraw"),
]
