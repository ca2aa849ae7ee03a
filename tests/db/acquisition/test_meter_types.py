"""Meter types of an organization: published in versions, over what is shipped, and never against what is stored."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from meterbook.acquisition import catalogue, gateway_plans, meter_types, models, operations, plans
from meterbook.acquisition.library import checks, documents, writing
from meterbook.acquisition.library.comparing import Against
from meterbook.audit import models as audit_models
from meterbook.collector import main, readers
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from tests.factories import acquisition as factory
from tests.factories import gateways, identity, sites
from tests.factories import meter_types as meter_types_factory
from tests.factories.meter_types import DOCUMENT, published


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def own_device(organization: identity_models.Organization) -> models.Device:
    """This will hang a meter of the own type that a device reads; outside a scope."""
    site = sites.site(organization=organization)
    meter = meter_types_factory.hung(organization, site=site).meter
    return factory.device(organization=organization, on=factory.bus(site=site), meter=meter, model_code="own_meter")


class TestPublishing:
    def test_puts_a_type_over_what_is_shipped_for_its_organization_alone(
        self, organization: identity_models.Organization
    ) -> None:
        other = identity.organization()

        made = published(organization)

        with scoping.scope([organization.pk], actor=factory.ACTOR):
            types = catalogue.current()
            assert types.load("own_meter") == documents.validate(DOCUMENT, "own.yaml")
            assert {"own_meter", "eastron_sdm630"} <= set(types.codes())
            assert "own_meter" in {each.code for each in types.offered(is_demo=False)}
            assert "demo_water_pulse" not in {each.code for each in types.offered(is_demo=False)}
            entry = audit_models.AuditEntry.objects.get(
                organization_id=organization.pk, action="acquisition:publish_type"
            )
        with scoping.scope([other.pk], actor=factory.ACTOR):
            assert "own_meter" not in catalogue.current()
        assert made.version == 1
        assert made.document == writing.write(checks.parse(DOCUMENT, "own.yaml").content)
        assert entry.after is not None
        assert entry.after["code"] == "own_meter"

    def test_counts_versions_and_never_changes_one(self, organization: identity_models.Organization) -> None:
        published(organization)
        published(organization, DOCUMENT.replace("address: 10", "address: 14"), base=1)

        again = published(organization, DOCUMENT.replace("address: 10", "address: 14"), base=1)

        assert again.version == 2
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            assert [each.version for each in meter_types.list_versions("own_meter")] == [2, 1]
            assert meter_types.get_version("own_meter", 1).model.registers[0].address == 10
            assert meter_types.newest_version("own_meter") == 2
            with pytest.raises(meter_types.TypeNotFound):
                meter_types.get_version("own_meter", 3)
        with (
            pytest.raises(DatabaseError, match=r"permission denied|append"),
            scoping.scope([organization.pk], actor=factory.ACTOR),
        ):
            models.MeterType.objects.filter(organization_id=organization.pk).update(note="changed")

    def test_shows_in_the_scope_that_published(self, organization: identity_models.Organization) -> None:
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            assert "own_meter" not in catalogue.current()
            operations.publish_type(actor=factory.ACTOR, at=factory.AT, text=DOCUMENT, base=0)
            assert "own_meter" in catalogue.current()

    def test_refuses_what_was_made_from_an_older_version(self, organization: identity_models.Organization) -> None:
        published(organization)

        with pytest.raises(operations.TypeChanged, match="Version 1"):
            published(organization, DOCUMENT.replace("T1", "T2"))
        with pytest.raises(operations.TypeChanged, match="no type"):
            published(organization, DOCUMENT.replace("own_meter", "other_meter"), base=4)

    @pytest.mark.parametrize("code", ["eastron_sdm630", "imported"])
    def test_leaves_the_types_of_the_library_as_they_are(
        self, organization: identity_models.Organization, code: str
    ) -> None:
        with pytest.raises(operations.TypeRefused) as caught:
            published(organization, DOCUMENT.replace("own_meter", code))

        assert caught.value.field == "code"

    def test_refuses_faulty_and_endless_documents(self, organization: identity_models.Organization) -> None:
        with pytest.raises(checks.DocumentInvalid):
            published(organization, DOCUMENT.replace("KWH", "KWX"))
        with pytest.raises(operations.TypeRefused):
            published(organization, DOCUMENT + "#" * operations.types.LONGEST_DOCUMENT)


class TestUse:
    @pytest.mark.spec("M-015/3")
    @pytest.mark.spec("M-017/2")
    def test_names_the_meters_and_refuses_what_would_change_their_readings(
        self, organization: identity_models.Organization
    ) -> None:
        published(organization)
        device = own_device(organization)
        another = DOCUMENT.replace("unit: KWH", "unit: MWH").replace("service: ELECTRICITY", "service: HEATING")

        with pytest.raises(operations.TypeInUse) as caught:
            published(organization, another, base=1)

        assert {(each.register, each.what, each.meters) for each in caught.value.conflicts} == {
            ("energy_import", Against.UNIT, 1),
            ("", Against.SERVICE, 1),
        }
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            (row,) = meter_types.list_affected("own_meter")
            assert (row.serial_number, row.is_read) == (device.meter.serial_number, True)
            assert meter_types.list_affected("own_meter", sites=[]) == []
            assert meter_types.list_affected("eastron_sdm630") == []
            assert meter_types.newest_version("own_meter") == 1

    @pytest.mark.spec("M-015/3")
    def test_takes_effect_with_the_next_plan_of_a_running_collector(
        self, organization: identity_models.Organization
    ) -> None:
        published(organization)
        device = own_device(organization)
        before = _plan(device)
        reader = readers.prepare(before)

        published(organization, DOCUMENT.replace('"1/100"', '"1/10"').replace("address: 10", "address: 20"), base=1)

        after = _plan(device)
        assert after != before
        assert _plan(device) == after
        blocks = [readers.prepare(each, reader).requests.energy[0].block.address for each in (before, after)]
        assert blocks == [10, 20]

    def test_goes_to_a_field_gateway_with_its_next_configuration(
        self, organization: identity_models.Organization
    ) -> None:
        published(organization)
        site = sites.site(organization=organization)
        hung = meter_types_factory.hung(organization, site=site)
        gateway = gateways.gateway(site=site, meters=[hung])
        bus = factory.bus(site=site)
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            models.Bus.objects.filter(organization_id=organization.pk, pk=bus.pk).update(gateway=gateway)
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            line = models.Bus.objects.get(organization_id=organization.pk, pk=bus.pk)
        factory.device(organization=organization, on=line, meter=hung.meter, model_code="own_meter")

        with scoping.scope([organization.pk], actor=factory.ACTOR):
            content = gateway_plans.content(gateway_id=gateway.pk)

        assert documents.validate(content["models"]["own_meter"], "own_meter.yaml").name == "T1"

    def test_is_offered_until_somebody_ends_it(self, organization: identity_models.Organization) -> None:
        published(organization)
        device = own_device(organization)

        with scoping.scope([organization.pk], actor=factory.ACTOR):
            operations.offer_type(actor=factory.ACTOR, at=factory.AT, code="own_meter", is_offered=False)
            assert "own_meter" not in {each.code for each in catalogue.current().offered(is_demo=True)}
            assert catalogue.current().load("own_meter").name == "T1"
            with pytest.raises(meter_types.TypeNotFound):
                operations.offer_type(actor=factory.ACTOR, at=factory.AT, code="nobody", is_offered=False)
        assert readers.prepare(_plan(device)).problem is None


def _plan(device: models.Device) -> plans.DevicePlan:
    return next(each for bus in main.load_plans() for each in bus.devices if each.device_id == device.pk)
