"""Templates get frozen rows: they render without a database, in both languages."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import loader
from django.utils import translation

from meterbook.alarms import queries as alarm_queries
from meterbook.alarms import values as alarm_values
from meterbook.identity import queries as identity_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.sites import queries as site_queries
from meterbook.web import context
from meterbook.web.alarms import zone
from meterbook.web.home import figures

NOW = datetime(2026, 6, 16, 14, 40, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
ORGANIZATION = identity_queries.OrganizationRow(
    1, uuid.UUID(int=1), "Northquay Property", "northquay", "en", frozenset()
)
SITE = site_queries.SiteRow(1, uuid.UUID(int=2), "HM", "Harbor Mall <b>", MADRID, "EUR", "en")
ALARM = alarm_queries.AlarmRow(
    public_id=uuid.UUID(int=3),
    kind=alarm_values.AlarmKind.METER_SILENT,
    severity=alarm_values.Severity.WARNING,
    severity_caption="Warning",
    title="<script>Volt</script> is silent",
    site_name="Harbor Mall",
    subject_kind="meter",
    subject_id=uuid.UUID(int=4),
    point_id=None,
    reason="No answer",
    raised_at=NOW,
    cleared_at=None,
    acknowledged_at=None,
    acknowledged_by="",
)
ZONE = zone.Zone(
    severities=(zone.SeverityCount("alert", "warn", "Warning", 1, "1 warning", "?"),),
    newest=(zone.Headline("no-contact", "warn", ALARM.title, ALARM, "#"),),
    total=1,
    silent_meters=1,
    href="/alarms/",
    renew_href="/alarms/zone",
)


def shell(*, is_demo: bool = False) -> context.Shell:
    inside = context.Inside(
        organization=ORGANIZATION,
        organizations=(ORGANIZATION,),
        sites=(SITE,),
        site=SITE,
        zone=MADRID,
        navigation=(),
        alarms=ZONE,
        stream_href="/stream",
        seen_as="",
    )
    return context.Shell(
        language=translation.get_language() or "en",
        languages=(context.Choice("en", "English", "language", True),),
        theme="auto",
        themes=(context.Choice("auto", "As the device", "sun-moon", True),),
        path="/",
        now=NOW,
        speed=1,
        is_demo=is_demo,
        person=context.Person("Maria Ortega", "maria@meterbook.example", "MO"),
        inside=inside,
        texts={},
    )


def rendered(name: str, **more: Any) -> str:  # noqa: ANN401
    return loader.render_to_string(name, {"shell": shell(), "now": NOW, "request": None, **more})


class TestTemplates:
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_of_home_need_no_query(self, language: str) -> None:
        meters = figures.Meters(monitoring_queries.Availability({}, ()), ())
        home = figures.Home(site=SITE, sites=(SITE,), meters=meters, alarms=ZONE)

        with translation.override(language):
            shown = rendered("home/page.html", home=home, organization=ORGANIZATION)

        assert ("Aún no hay contadores" if language == "es" else "No meters yet") in shown

    def test_of_alarms_need_no_query_and_escape_names(self) -> None:
        shown = rendered("alarms/_zone.html", zone=ZONE)

        assert "&lt;script&gt;Volt" in shown
        assert "<script>" not in shown

    def test_of_the_frame_show_the_demo_band_in_a_demo_only(self) -> None:
        with_band = loader.render_to_string("errors/page.html", {"shell": shell(is_demo=True), "title": "x"})
        without = loader.render_to_string("errors/page.html", {"shell": shell(), "title": "x"})

        assert "demo-band" in with_band
        assert "demo-band" not in without

    def test_of_a_failed_server_need_nothing_at_all(self) -> None:
        assert "The server failed" in loader.render_to_string("errors/server_error.html")
