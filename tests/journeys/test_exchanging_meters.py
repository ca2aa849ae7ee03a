"""The guided pages of an exchange and of a new multiplier, through HTTP: steps, refusals, what is stored."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from django.http import HttpResponse
from django.test import Client

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import plans
from meterbook.audit import models as audit_models
from meterbook.fieldwork import models as fieldwork_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.metering import models, operations, permissions, values
from meterbook.web import language
from tests.factories import acquisition, api, identity, metering, sites

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid
EXCHANGED = datetime(2026, 6, 16, 8, 30, tzinfo=UTC)
METER = {
    "step": "meter",
    "exchanged_at": "2026-06-16T10:30",
    "serial_number": "NEW-1",
    "model_code": "eastron_sdm630",
    "multiplier": "200/5",
    "unit_id": "7",
    "reason": "calibration period over",
}
COUNTERS = [
    each.register_code
    for each in plans.registers_of_model("eastron_sdm630")
    if values.series_type(each.series_code).kind is values.SeriesKind.CUMULATIVE
]
FEW_SHOWN = {
    f"final_{each.series_code}": "5"
    for each in plans.registers_of_model("eastron_sdm630")
    if each.register_code in COUNTERS
}
READINGS = {"final_energy_import": "1.250,5", **{f"opening_{code}": "0" for code in COUNTERS}}


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def hanging(organization: identity_models.Organization) -> metering.Installed:
    """A meter that was read at 10:00 with 1,234.50 kWh, on a bus at address 7."""
    site = sites.site(organization=organization, time_zone="Europe/Madrid")
    installed = metering.installed_meter(organization=organization, site=site, registers=(metering.ENERGY,))
    acquisition.device(organization=organization, on=acquisition.bus(site=site), meter=installed.meter, unit_id=7)
    metering.record(installed.energy, [(NOON - timedelta(minutes=140), 123_450)])
    return installed


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    found = signed_in(organization)
    found.cookies[language.LANGUAGE_COOKIE] = "es"
    return found


def signed_in(organization: identity_models.Organization, **given: object) -> Client:
    found = Client()
    found.force_login(identity.user(organization=organization, **given))  # type: ignore[arg-type]
    return found


def address(organization: identity_models.Organization, installed: metering.Installed, tail: str) -> str:
    return f"/o/{organization.public_id}/meters/{installed.point.public_id}/{tail}"


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


class TestExchange:
    def send(self, client: Client, installed: metering.Installed, **changes: str) -> HttpResponse:
        with scoping.scope([installed.organization_id], actor=metering.ACTOR):
            organization = identity_models.Organization.objects.get(pk=installed.organization_id)
        given = {**METER, "old": str(installed.meter.public_id), **changes}
        return client.post(address(organization, installed, "exchange"), given)  # type: ignore[return-value]

    @pytest.mark.spec("B-07")
    def test_goes_step_by_step_and_keeps_both_readings(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        begun = client.get(address(organization, hanging, "exchange"))
        assert 'value="2026-06-16T12:20"' in words(begun)
        asked = self.send(client, hanging)
        assert 'name="final_energy_import"' in words(asked)
        assert "1.234,50" in words(asked)
        shown = self.send(client, hanging, step="readings", **READINGS)
        # 16 kWh since the latest reading, before anything is changed.
        assert "16,00" in words(shown)
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            assert models.Installation.objects.filter(organization_id=organization.pk).count() == 1

        done = self.send(client, hanging, step="sure", **READINGS)

        assert done.status_code == 302
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            old, new = models.Installation.objects.filter(organization_id=organization.pk).order_by("id")
            closing = models.InstallationRegister.objects.get(organization_id=organization.pk, installation=old)
            devices = acquisition_models.Device.objects.filter(organization_id=organization.pk).order_by("id")
            found = [(each.meter_id, each.unit_id, each.is_enabled) for each in devices]
            entry = audit_models.AuditEntry.objects.filter(
                organization_id=organization.pk, action="metering:remove_meter"
            ).get()
        assert (old.during.upper, new.during.lower) == (EXCHANGED, EXCHANGED)
        assert (closing.closing, closing.is_closing_estimated) == (125_050, False)
        assert found == [(old.meter_id, 7, False), (new.meter_id, 7, True)]
        assert "calibration" in str(entry.after) + str(entry.reason)
        assert "NEW-1" in words(client.get(address(organization, hanging, "")))

    @pytest.mark.spec("B-07")
    def test_proposes_what_the_old_meter_showed_about_then_and_no_older_reading(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        def asked(**changes: str) -> str:
            page = words(self.send(client, hanging, **changes))
            (field,) = re.findall(r'<input[^>]*name="final_energy_import"[^>]*>', page)
            return str(field) + "".join(re.findall("<datalist.*?</datalist>", page))

        old = asked(exchanged_at="2026-06-16T12:15")  # more than two hours after it was read
        program = api.program(organization=organization)
        path = f"/meter-points/{hanging.point.public_id}/exchange-proposal"
        (far,) = program.get(path, at="2026-06-16T10:15:00Z").json()["finals"]
        metering.record(hanging.energy, [(EXCHANGED - timedelta(minutes=25), 124_900)])
        near = asked()
        metering.record(hanging.energy, [(EXCHANGED + timedelta(minutes=25), 125_100)])
        between = asked()

        assert 'list="latest_energy_import"' in old
        told = program.get(path, at=EXCHANGED.isoformat()).json()
        (final,) = told["finals"]
        assert told["old_meter"] == str(hanging.meter.public_id)
        assert (final["series"], final["latest"], final["proposed"]) == ("energy_import", "1249.00", "1250.00")
        assert (far["latest"], far["proposed"]) == ("1234.50", None)
        assert api.problem(program.get(path, at="2127-01-01T00:00:00Z"))["status"] == 422
        assert old.count("value=") == old.count('<option value="1234,50">') == 1
        assert 'value="1249,00"' in near
        assert 'value="1250,00"' in between

    @pytest.mark.spec("B-07")
    def test_with_an_estimated_final_value_asks_for_a_photo(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        done = self.send(client, hanging, step="sure", **READINGS, estimated_energy_import="on")

        assert done.status_code == 302
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            (job,) = fieldwork_models.Job.objects.filter(organization_id=organization.pk)
            serial = hanging.meter.serial_number
        assert (job.kind, serial in job.words) == ("LOOK", True)

    def test_counts_by_the_multipliers_that_held_and_knows_the_reading_of_their_change(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        href = address(organization, hanging, "multiplier")
        change = {**TestMultiplier.GIVEN, "starts_at": "2026-06-16T10:10", "multiplier": "40", "sure": "1"}
        assert client.post(href, change).status_code == 302

        asked = self.send(client, hanging)
        shown = self.send(client, hanging, step="readings", **READINGS)
        below = self.send(client, hanging, step="readings", **{**READINGS, "final_energy_import": "1.239"})

        assert "1.240,00 kWh" in words(asked).replace("\xa0", " ")
        # 1,234.50 at 10:00, 1,240 at the change, 1,250.50 at last: 5.50 and then 40 times 10.50.
        assert "= 5,50 × 1 + 10,50 × 40" in words(shown)
        assert "425,50" in words(shown)
        assert below.status_code == 422

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"serial_number": ""}, "serial_number"),
            ({"exchanged_at": "2026-06-16T12:21"}, "exchanged_at"),
            ({"exchanged_at": "2026-03-29T02:30"}, "exchanged_at"),
            ({"exchanged_at": "1889-01-01T00:00"}, "exchanged_at"),
            ({"exchanged_at": "2019-12-31T00:00"}, "exchanged_at"),
            ({"exchanged_at": "soon"}, "exchanged_at"),
            ({"model_code": "unheard_of"}, "model_code"),
            ({"multiplier": "0"}, "multiplier"),
            ({"multiplier": "5/0"}, "multiplier"),
            ({"unit_id": "300"}, "unit_id"),
            ({"rated_per_hour": "-1"}, "rated_per_hour"),
            ({"reason": ""}, "reason"),
        ],
    )
    def test_says_beside_the_field_what_is_wrong_and_loses_nothing(
        self, client: Client, hanging: metering.Installed, changes: dict[str, str], said: str
    ) -> None:
        answer = self.send(client, hanging, **changes)

        assert answer.status_code == 422
        assert f'id="id_{said}-problem-1"' in words(answer)
        kept = {**METER, **changes}["serial_number"]
        assert f'value="{kept}"' in words(answer) or not kept

    @pytest.mark.parametrize("value", ["", "x", "1.250,555", "1.234,49", "-3", "1,2,3"])
    def test_refuses_readings_that_cannot_be(self, client: Client, hanging: metering.Installed, value: str) -> None:
        answer = self.send(client, hanging, **{**READINGS, "step": "sure", "final_energy_import": value})

        assert answer.status_code == 422
        assert 'id="id_final_energy_import-problem-1"' in words(answer)

    def test_of_a_meter_that_somebody_else_exchanged_meanwhile_changes_nothing(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        assert self.send(client, hanging, step="sure", **READINGS).status_code == 302

        again = self.send(client, hanging, step="sure", serial_number="NEW-2", **READINGS)

        assert again.status_code == 302
        assert "NEW-1" in words(client.get(again.headers["Location"]))  # type: ignore[arg-type]
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            assert models.Installation.objects.filter(organization_id=organization.pk).count() == 2
            assert not models.Meter.objects.filter(organization_id=organization.pk, serial_number="NEW-2").exists()

    def test_of_a_meter_hung_lately_is_not_measured_by_what_the_former_one_showed(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        assert self.send(client, hanging, step="sure", **READINGS).status_code == 302
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            new = models.Meter.objects.get(organization_id=organization.pk, serial_number="NEW-1")
        few = {"step": "readings", "exchanged_at": "2026-06-16T11:30", "old": str(new.public_id)}

        again = self.send(client, hanging, **{**READINGS, **FEW_SHOWN, **few})
        href = address(organization, hanging, "multiplier")
        shown = {key.replace("final_", "shown_"): value for key, value in FEW_SHOWN.items()}
        counted = client.post(href, {**TestMultiplier.GIVEN, "starts_at": "2026-06-16T11:30", **shown})

        assert (again.status_code, counted.status_code) == (200, 200)

    def test_with_an_address_in_use_leaves_all_as_it_was(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            bus = acquisition_models.Bus.objects.get(organization_id=organization.pk)
        other = metering.installed_meter(organization=organization, site=hanging.point.site)
        acquisition.device(organization=organization, on=bus, meter=other.meter, unit_id=8)

        answer = self.send(client, hanging, step="sure", unit_id="8", **READINGS)

        assert answer.status_code == 422
        assert 'id="id_unit_id-problem-1"' in words(answer)
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            assert not models.Meter.objects.filter(organization_id=organization.pk, serial_number="NEW-1").exists()
            device = acquisition_models.Device.objects.get(organization_id=organization.pk, unit_id=7)
        assert device.is_enabled

    @pytest.mark.parametrize("tail", ["exchange", "multiplier"])
    def test_is_for_who_manages_meters_of_the_organization(
        self, organization: identity_models.Organization, hanging: metering.Installed, tail: str
    ) -> None:
        viewer = signed_in(organization, role=None, permissions=(permissions.VIEW_METER,))
        stranger = signed_in(identity.organization())

        assert viewer.get(address(organization, hanging, tail)).status_code in {403, 404}
        assert stranger.get(address(organization, hanging, tail)).status_code == 404
        assert f"/{tail}" not in words(viewer.get(address(organization, hanging, "")))  # type: ignore[arg-type]


class TestMultiplier:
    GIVEN = {  # noqa: RUF012 - a constant of the tests
        "starts_at": "2026-06-16T10:30",
        "multiplier": "300/5",
        "reason": "transformers exchanged",
        "protocol": "P-7",
        "shown_energy_import": "1240",
    }

    @pytest.mark.spec("B-02")
    def test_counts_anew_from_the_instant_on(
        self, client: Client, organization: identity_models.Organization, hanging: metering.Installed
    ) -> None:
        href = address(organization, hanging, "multiplier")
        assert "× 60" in words(client.post(href, self.GIVEN))

        done = client.post(href, {**self.GIVEN, "sure": "1"})

        assert done.status_code == 302
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            segment = models.MultiplierSegment.objects.get(organization_id=organization.pk, starts_at=EXCHANGED)
            assert models.DirtyDays.objects.filter(organization_id=organization.pk, day=EXCHANGED.date()).exists()
        assert Fraction(segment.numerator, segment.denominator) == 60
        assert segment.registers == {str(hanging.energy.pk): 124_000}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("multiplier", "zero"),
            ("starts_at", "2026-06-17T10:30"),
            ("starts_at", "2020-01-01T00:00"),
            ("shown_energy_import", ""),
            ("shown_energy_import", "1234,4"),
            ("reason", " "),
        ],
    )
    def test_says_beside_the_field_what_is_wrong(
        self,
        client: Client,
        organization: identity_models.Organization,
        hanging: metering.Installed,
        name: str,
        value: str,
    ) -> None:
        given = {**self.GIVEN, "sure": "1", name: value}

        answer = client.post(address(organization, hanging, "multiplier"), given)

        assert answer.status_code == 422
        assert f'id="id_{name}-problem-1"' in words(answer)  # type: ignore[arg-type]


def test_of_a_point_without_a_meter_lead_back(
    client: Client, organization: identity_models.Organization, hanging: metering.Installed
) -> None:
    with scoping.scope([organization.pk], actor=metering.ACTOR):
        operations.remove_meter(
            actor=metering.ACTOR,
            at=NOON,
            installation=hanging.installation,
            ends_at=EXCHANGED,
            closings={"energy_import": operations.Closing(125_000)},
            reason="tenant left",
        )

    for tail in ("exchange", "multiplier"):
        answer = client.get(address(organization, hanging, tail))
        assert (answer.status_code, answer.headers["Location"]) == (302, address(organization, hanging, ""))
