"""All routes of the screens but those of signing in."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from meterbook.web import health, language
from meterbook.web.alarms import single as alarm_single
from meterbook.web.alarms import views as alarm_views
from meterbook.web.clients import views as client_views
from meterbook.web.home import views as home_views
from meterbook.web.modules import views as module_views
from meterbook.web.organizations import views as organization_views
from meterbook.web.palette import views as palette_views
from meterbook.web.sites import views as site_views
from meterbook.web.stream import views as stream_views
from meterbook.web.stream import watching as stream_watching
from meterbook.web.styleguide import views as styleguide_views
from meterbook.web.work import views as work_views

organization_routes: list[URLPattern | URLResolver] = [
    path("", home_views.home, name="home"),
    path("alarms/", alarm_views.alarms, name="alarms"),
    path("alarms/zone", alarm_views.alarm_zone, name="alarm_zone"),
    path("alarms/<uuid:alarm>/", alarm_single.alarm, name="alarm"),
    path("alarms/<uuid:alarm>/acknowledge", alarm_views.acknowledge, name="acknowledge_alarm"),
    path("imports/", include("meterbook.web.imports.routes")),
    path("people/", include("meterbook.web.people.routes")),
    path("delegations/", include("meterbook.web.delegation.routes")),
    path("", include("meterbook.web.assigned.routes")),
    path("library/", include("meterbook.web.library.routes")),
    path("meters/", include("meterbook.web.meters.routes")),
    path("virtual-meters/", include("meterbook.web.virtual.routes")),
    path("readings/", include("meterbook.web.readings.routes")),
    path("quality/", include("meterbook.web.quality.routes")),
    path("", include("meterbook.web.filling.routes")),
    path("", include("meterbook.web.counting.routes")),
    path("accounts/", include("meterbook.web.customers.routes")),
    path("", include("meterbook.web.customer_records.routes")),
    path("", include("meterbook.web.moves.routes")),
    path("", include("meterbook.web.tenant.routes")),
    path("tariffs/calendars/", include("meterbook.web.calendars.routes")),
    path("tariffs/gas/", include("meterbook.web.gas.routes")),
    path("tariffs/", include("meterbook.web.tariffs.routes")),
    path("", include("meterbook.web.billing.routes")),
    path("", include("meterbook.web.pools.routes")),
    path("", include("meterbook.web.balance.routes")),
    path("", include("meterbook.web.supplier_invoices.routes")),
    path("", include("meterbook.web.corrections.routes")),
    path("", include("meterbook.web.disputes.routes")),
    path("audit/", include("meterbook.web.audit.routes")),
    path("api/", include("meterbook.web.keys.routes")),
    path("letterhead/", include("meterbook.web.letterhead.routes")),
    path("templates/", include("meterbook.web.looks.routes")),
    path("documents/", include("meterbook.web.issued.routes")),
    path("sites/", include("meterbook.web.sites.routes")),
    path("jobs/", include("meterbook.web.jobs.routes")),
    path("swap-tests/", include("meterbook.web.swap.routes")),
    path("settings/", include("meterbook.web.settings.routes")),
    path("site", site_views.choose, name="choose_site"),
    path("modules/", module_views.modules, name="modules"),
    path("modules/change", module_views.change, name="module_change"),
    path("start/", include("meterbook.web.start.routes")),
    path("topology/", include("meterbook.web.topology.routes")),
    path("topology/brokers/", include("meterbook.web.brokers.routes")),
    path("topology/gateways/", include("meterbook.web.gateways.routes")),
    path("topology/senders/", include("meterbook.web.senders.routes")),
    path("topology/commissioning/", include("meterbook.web.commissioning.routes")),
    path("work/", work_views.work, name="work"),
    path("work/count", work_views.count, name="work_count"),
    path("find", palette_views.find, name="palette"),
    path("stream", stream_views.stream, name="stream"),
    path("stream/watch", stream_watching.watch, name="watch"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", organization_views.start, name="start"),
    path("clients", client_views.clients, name="clients"),
    path("language", language.set_language, name="set_language"),
    path("theme", language.set_theme, name="set_theme"),
    path("styleguide", styleguide_views.styleguide, name="styleguide"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("meterbook.web.people.own_routes")),
    path("", include("meterbook.web.settings.public_routes")),
    path("", include("meterbook.web.verify.routes")),
    path("", include("meterbook.web.single_sign_on.routes")),
    path("", include("meterbook.web.sign_in_codes.routes")),
    path("o/<uuid:organization>/", include(organization_routes)),
]
