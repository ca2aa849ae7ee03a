"""Readings that people bring in: each once, proved by a photo where it looks wrong, and looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import models, queries
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import ReadingKind, Source
from tests.factories import identity, metering, sites

OCTOBER, NOVEMBER = datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 23, tzinfo=UTC)
NOW = DECEMBER + timedelta(hours=10)
A_DAY = Fraction(200 * 100)  # counts: 200.00 kWh


class Meter:
    """A meter that showed 246,700.00 and 252,700.00 kWh: about 258,700 are to be expected a month later."""

    def __init__(self, organization: identity_models.Organization) -> None:
        self.organization = organization
        self.site = sites.site(organization=organization)
        self.made = metering.installed_meter(organization=organization, site=self.site, registers=(metering.ENERGY,))
        metering.record(self.made.energy, [(OCTOBER, 24_670_000), (NOVEMBER, 25_270_000)], source=Source.FIELD)

    def take(
        self, value: str, *, mark: uuid.UUID | None = None, reason: str = "", photo: bytes | None = None
    ) -> metering_operations.Taken:
        return metering_operations.take_reading(
            actor=identity.ACTOR,
            at=NOW,
            face=queries.faces_at(meter_point_ids=[self.made.point.pk], instant=DECEMBER, at=NOW)[self.made.point.pk],
            instant=DECEMBER,
            value=Decimal(value),
            client_id=mark,
            kind=ReadingKind.FINAL,
            photo=photo,
            usual_a_day=A_DAY,
            reason=reason,
        )

    def stored(self) -> int:
        own = models.Reading.objects.filter(organization_id=self.organization.pk, series_id=self.made.energy.pk)
        return own.count() - 2


@pytest.fixture
def meter() -> Iterator[Meter]:
    organization = identity.organization()
    found = Meter(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        metering_operations.make_room(DECEMBER)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        yield found


@pytest.mark.spec("M-026/1")
class TestOverride:
    def test_is_blocked_until_there_are_a_reason_and_a_photo_and_is_flagged_then(self, meter: Meter) -> None:
        with pytest.raises(metering_operations.ReadingDoubtful, match=r"about 258,70\d\.\d\d kWh were to be expected"):
            meter.take("358679")
        with pytest.raises(metering_operations.ReadingDoubtful):
            meter.take("358679", photo=b"jpeg")
        with pytest.raises(metering_operations.PhotoMissing) as unproven:
            meter.take("358679", reason="the shop ran its ovens all month")
        assert [each.code for each in unproven.value.doubts] == ["UNUSUAL"]
        assert (meter.stored(), queries.list_flagged(site_ids=None)) == (0, [])

        meter.take("358679", reason="the shop ran its ovens all month", photo=b"jpeg")

        (row,) = queries.list_flagged(site_ids=[meter.site.pk])
        assert (row.code, row.value, row.kind, row.doubts) == (
            meter.made.point.code,
            Decimal(358_679),
            ReadingKind.FINAL,
            ("UNUSUAL",),
        )
        assert row.photo is not None
        assert queries.get_photo(public_id=row.photo) == (meter.site.pk, b"jpeg")
        assert (meter.stored(), queries.list_flagged(site_ids=[meter.site.pk + 1])) == (1, [])

    def test_is_off_the_list_once_somebody_looked(self, meter: Meter) -> None:
        meter.take("358679", reason="ovens", photo=b"jpeg")
        (row,) = queries.list_flagged(site_ids=None)

        told = [
            metering_operations.review_taken(actor=identity.ACTOR, at=NOW, taken=row.public_id) for _twice in range(2)
        ]

        (done,) = queries.list_flagged(site_ids=None, is_waiting=False)
        assert (told, queries.list_flagged(site_ids=None), done.reviewer) == ([True, False], [], identity.ACTOR.label)
        with pytest.raises(metering_operations.TakenReadingNotFound):
            metering_operations.review_taken(actor=identity.ACTOR, at=NOW, taken=uuid.uuid4())

    def test_is_not_for_what_looks_right(self, meter: Meter) -> None:
        meter.take("258700", reason="none needed")

        assert (meter.stored(), queries.list_flagged(site_ids=None)) == (1, [])


class TestOnce:
    def test_a_repeated_send_changes_nothing_and_says_so(self, meter: Meter) -> None:
        mark = uuid.uuid4()

        first, again = meter.take("258700", mark=mark), meter.take("258700", mark=mark)

        assert [(each.outcome, each.is_repeat) for each in (first, again)] == [
            (metering_operations.EnteredAs.STORED, False),
            (metering_operations.EnteredAs.STORED, True),
        ]
        assert meter.stored() == 1

    def test_another_reading_under_the_same_mark_is_refused(self, meter: Meter) -> None:
        mark = uuid.uuid4()
        meter.take("258700", mark=mark)

        with pytest.raises(metering_operations.ReadingIdTaken, match="under this id before"):
            meter.take("258701", mark=mark)

    def test_what_was_refused_may_come_again_under_its_mark(self, meter: Meter) -> None:
        mark = uuid.uuid4()
        with pytest.raises(metering_operations.ReadingDoubtful):
            meter.take("358679", mark=mark)

        assert not meter.take("358679", mark=mark, reason="ovens", photo=b"jpeg").is_repeat
        assert meter.stored() == 1


class TestPhotoRule:
    def test_asks_for_a_photo_with_each_reading_of_its_site_only_while_it_is_set(self, meter: Meter) -> None:
        def set_rule(*, is_required: bool) -> bool:
            return metering_operations.require_photos(
                actor=identity.ACTOR, at=NOW, site=meter.site.public_id, is_required=is_required
            )

        assert not set_rule(is_required=False)
        assert set_rule(is_required=True)
        assert queries.sites_with_photos() == {meter.site.pk}
        with pytest.raises(metering_operations.PhotoMissing, match="asks for a photo") as missing:
            meter.take("258700")
        assert (missing.value.doubts, meter.stored()) == ([], 0)

        meter.take("258700", photo=b"jpeg")

        assert meter.stored() == 1
        assert set_rule(is_required=False)
        assert queries.sites_with_photos() == frozenset()
