"""All routes of the screens but those of signing in."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from meterbook.web import health, language
from meterbook.web.alarms import views as alarm_views
from meterbook.web.home import views as home_views
from meterbook.web.organizations import views as organization_views
from meterbook.web.sites import views as site_views
from meterbook.web.stream import views as stream_views
from meterbook.web.stream import watching as stream_watching
from meterbook.web.styleguide import views as styleguide_views

organization_routes: list[URLPattern | URLResolver] = [
    path("", home_views.home, name="home"),
    path("alarms/", alarm_views.alarms, name="alarms"),
    path("alarms/zone", alarm_views.alarm_zone, name="alarm_zone"),
    path("alarms/<uuid:alarm>/acknowledge", alarm_views.acknowledge, name="acknowledge_alarm"),
    path("imports/", include("meterbook.web.imports.routes")),
    path("meters/", include("meterbook.web.meters.routes")),
    path("accounts/", include("meterbook.web.customers.routes")),
    path("tariffs/", include("meterbook.web.tariffs.routes")),
    path("", include("meterbook.web.billing.routes")),
    path("sites/", include("meterbook.web.sites.routes")),
    path("site", site_views.choose, name="choose_site"),
    path("stream", stream_views.stream, name="stream"),
    path("stream/watch", stream_watching.watch, name="watch"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", organization_views.start, name="start"),
    path("language", language.set_language, name="set_language"),
    path("theme", language.set_theme, name="set_theme"),
    path("styleguide", styleguide_views.styleguide, name="styleguide"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("o/<uuid:organization>/", include(organization_routes)),
]
