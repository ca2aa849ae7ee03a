"""The tree of a site: what may lie where, moves with a date, archive and deletion."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Service
from meterbook.sites import models, operations, queries
from meterbook.sites.values import AreaUnit, FieldType, NodeFacts, NodeKind, SiteFacts, UsageType
from tests.factories import billing, identity, metering, sites

ACTOR = identity.ACTOR
NOW = datetime(2026, 6, 2, 10, tzinfo=UTC)
MOVED = civil.start_of_day(date(2026, 5, 15), billing.MADRID)


class House:
    """A site with two floors and a shop on the second one."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.second = sites.node(site=self.site, kind=NodeKind.FLOOR, code="F2", name="Floor 2")
        self.third = sites.node(site=self.site, kind=NodeKind.FLOOR, code="F3", name="Floor 3")
        self.shop = sites.node(site=self.site, kind=NodeKind.UNIT, code="U12", name="Shop 12", parent=self.second)

    def scope(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return scoping.scope([self.organization.pk], actor=ACTOR)

    def move(self, node: models.SiteNode, parent: models.SiteNode | None, moved_at: datetime = MOVED) -> None:
        with self.scope():
            operations.move_node(
                actor=ACTOR,
                at=NOW,
                node=node.public_id,
                parent=parent.public_id if parent else None,
                moved_at=moved_at,
            )

    def parent_of(self, node: models.SiteNode, instant: datetime) -> int | None:
        with self.scope():
            return queries.parents_at(site_id=self.site.pk, instant=instant)[node.pk]

    def actions(self) -> list[str]:
        with self.scope():
            entries = audit_models.AuditEntry.objects.filter(organization_id=self.organization.pk)
            return list(entries.order_by("id").values_list("action", flat=True))


class TestMove:
    def test_keeps_where_it_was(self) -> None:
        house = House()

        house.move(house.shop, house.third)

        assert house.parent_of(house.shop, MOVED - timedelta(seconds=1)) == house.second.pk
        assert house.parent_of(house.shop, MOVED) == house.third.pk
        assert house.parent_of(house.shop, NOW) == house.third.pk
        assert house.actions()[-1] == "sites:move_node"

    def test_twice_and_once_more_at_the_same_instant(self) -> None:
        house = House()
        house.move(house.shop, house.third)
        house.move(house.shop, house.second, MOVED + timedelta(days=3))
        house.move(house.shop, None, MOVED + timedelta(days=3))

        assert house.parent_of(house.shop, MOVED) == house.third.pk
        assert house.parent_of(house.shop, MOVED + timedelta(days=3)) is None

    def test_before_an_earlier_move_or_in_the_future_is_refused(self) -> None:
        house = House()
        house.move(house.shop, house.third)

        with pytest.raises(operations.MovedLater, match="later day"):
            house.move(house.shop, house.second, MOVED - timedelta(days=1))
        with pytest.raises(operations.MoveInFuture):
            house.move(house.shop, house.second, NOW + timedelta(seconds=1))

    def test_into_a_smaller_place_is_refused(self) -> None:
        house = House()

        with pytest.raises(operations.NodeMisplaced):
            house.move(house.second, house.shop)

    def test_to_where_it_is_changes_nothing(self) -> None:
        house = House()
        before = house.actions()

        house.move(house.shop, house.second)

        assert house.actions() == before

    def test_place_of_another_organization_is_not_there(self) -> None:
        house, other = House(), House()

        with pytest.raises(operations.NodeNotFound):
            house.move(other.shop, house.third)
        with pytest.raises(operations.NodeNotFound):
            house.move(house.shop, other.third)


class TestUseByFloor:
    def test_counts_a_moved_meter_where_it_hung(self) -> None:
        house, meter = self.counted()
        self.move_meter(house, meter, house.third)

        assert self.month(house, 4) == {"F2": Decimal("720.00")}
        assert self.month(house, 5) == {"F2": Decimal("336.00"), "F3": Decimal("408.00")}

    @pytest.mark.spec("M-001/2")
    def test_of_the_month_before_is_the_same_after_a_move(self) -> None:
        house, meter = self.counted()
        before = self.month(house, 4)

        self.move_meter(house, meter, house.third)

        assert self.month(house, 4) == before == {"F2": Decimal("720.00")}

    def test_follows_a_place_that_moves_with_its_meter(self) -> None:
        house, meter = self.counted()
        self.move_meter(house, meter, house.shop, civil.start_of_day(date(2026, 4, 1), billing.MADRID))
        house.move(house.shop, house.third)

        assert self.month(house, 4) == {"F2": Decimal("720.00")}
        assert self.month(house, 5) == {"F2": Decimal("336.00"), "F3": Decimal("408.00")}

    def counted(self) -> tuple[House, metering.Installed]:
        """1 kWh an hour in April and May."""
        house = House()
        meter = metering.installed_meter(
            organization=house.organization, site=house.site, registers=(metering.ENERGY,), node=house.second
        )
        start, end = (civil.start_of_day(date(2026, month, 1), billing.MADRID) for month in (4, 6))
        billing.count(meter.energy, start, end)
        return house, meter

    def move_meter(
        self, house: House, meter: metering.Installed, node: models.SiteNode, moved_at: datetime = MOVED
    ) -> None:
        with house.scope():
            metering_operations.move_point(
                actor=ACTOR, at=NOW, meter_point=meter.point.public_id, node=node.public_id, moved_at=moved_at
            )

    def month(self, house: House, number: int) -> dict[str, Decimal]:
        start, end = (civil.start_of_day(date(2026, each, 1), billing.MADRID) for each in (number, number + 1))
        with house.scope():
            rows = metering_queries.use_by_place(
                site_id=house.site.pk, period=Period(start, end), service=Service.ELECTRICITY
            )
        return {row.code: row.used for row in rows}


class TestArchive:
    @pytest.mark.spec("M-001/3")
    def test_place_with_readings_is_not_deleted_but_hidden_and_reports_keep_it(self) -> None:
        house, meter = TestUseByFloor().counted()
        with house.scope(), pytest.raises(operations.NodeInUse, match="Archive it"):
            operations.delete_node(actor=ACTOR, at=NOW, node=house.second.public_id)

        with house.scope():
            count = operations.archive_node(actor=ACTOR, at=NOW, node=house.second.public_id)

        with house.scope():
            listed = {row.code for row in queries.list_nodes(site_id=house.site.pk)}
            archived = [row[2] for row in queries.list_archived(site_id=house.site.pk)]
        assert count == 2
        assert listed == {"F3"}
        assert archived == ["F2"]
        assert TestUseByFloor().month(house, 4) == {"F2": Decimal("720.00")}
        assert meter.point.node_id == house.second.pk

    def test_restore_brings_back_what_went_together(self) -> None:
        house = House()
        later = NOW + timedelta(hours=1)
        with house.scope():
            operations.archive_node(actor=ACTOR, at=NOW, node=house.shop.public_id)
            operations.archive_node(actor=ACTOR, at=later, node=house.second.public_id)
        with house.scope(), pytest.raises(operations.NodeArchived):
            operations.restore_node(actor=ACTOR, at=later, node=house.shop.public_id)

        with house.scope():
            operations.restore_node(actor=ACTOR, at=later, node=house.second.public_id)
            listed = {row.code for row in queries.list_nodes(site_id=house.site.pk)}

        assert listed == {"F2", "F3"}

    def test_nothing_goes_into_an_archived_place(self) -> None:
        house = House()
        with house.scope():
            operations.archive_node(actor=ACTOR, at=NOW, node=house.third.public_id)

        with pytest.raises(operations.NodeArchived):
            house.move(house.shop, house.third)
        with pytest.raises(operations.NodeArchived):
            sites.node(site=house.site, kind=NodeKind.UNIT, parent=house.third)

    def test_empty_place_is_deleted_with_its_photos(self) -> None:
        house = House()
        with house.scope():
            operations.add_photo(
                actor=ACTOR, at=NOW, node=house.shop.public_id, content=b"jpeg", media_type="image/jpeg"
            )
            operations.delete_node(actor=ACTOR, at=NOW, node=house.shop.public_id)

        with house.scope(), pytest.raises(queries.PlaceNotFound):
            queries.get_node(public_id=house.shop.public_id)
        assert house.actions()[-2:] == ["sites:add_photo", "sites:delete_node"]


class TestFacts:
    def test_change_is_kept_and_audited(self) -> None:
        house = House()
        with house.scope():
            operations.declare_field(actor=ACTOR, at=NOW, name="Keys handed out", kind=FieldType.NUMBER)
            operations.change_node(
                actor=ACTOR,
                at=NOW,
                node=house.shop.public_id,
                kind=NodeKind.UNIT,
                code="U12a",
                name="Shop 12a",
                facts=NodeFacts(
                    area=Decimal("84.25"),
                    area_unit=AreaUnit.FT2,
                    headcount=4,
                    usage=UsageType.SHOP,
                    custom={"keys_handed_out": "3.0"},
                ),
            )
            found = queries.get_node(public_id=house.shop.public_id)

        assert (found.code, found.name) == ("U12a", "Shop 12a")
        assert found.facts.area == Decimal("84.25")
        assert found.facts.area_unit is AreaUnit.FT2
        assert dict(found.facts.custom) == {"keys_handed_out": "3"}
        assert house.actions()[-1] == "sites:change_node"

    @pytest.mark.parametrize(
        ("facts", "field"),
        [
            (NodeFacts(area=Decimal("-1")), "area"),
            (NodeFacts(area=Decimal("1.00001")), "area"),
            (NodeFacts(area=Decimal("100000000")), "area"),
            (NodeFacts(rated_capacity=Decimal("NaN")), "rated_capacity"),
            (NodeFacts(headcount=-1), "headcount"),
            (NodeFacts(address="x" * 301), "address"),
            (NodeFacts(language="xx"), "language"),
            (NodeFacts(custom={"unknown": "1"}), "custom_unknown"),
        ],
    )
    def test_that_cannot_be_is_refused_by_name(self, facts: NodeFacts, field: str) -> None:
        house = House()

        with house.scope(), pytest.raises(operations.FactsInvalid) as refused:
            operations.change_node(
                actor=ACTOR,
                at=NOW,
                node=house.shop.public_id,
                kind=NodeKind.UNIT,
                code="U12",
                name="Shop 12",
                facts=facts,
            )

        assert refused.value.field == field

    def test_kind_must_fit_what_lies_around_also_in_the_past(self) -> None:
        house = House()
        house.move(house.shop, None)

        with house.scope(), pytest.raises(operations.NodeMisplaced, match="before it moved"):
            operations.change_node(
                actor=ACTOR,
                at=NOW,
                node=house.shop.public_id,
                kind=NodeKind.FLOOR,
                code="U12",
                name="Shop 12",
                facts=NodeFacts(),
            )

    def test_code_is_unique_in_the_organization(self) -> None:
        house = House()
        other = sites.site(organization=house.organization)

        with pytest.raises(operations.NodeCodeTaken, match="U12"):
            sites.node(site=other, kind=NodeKind.UNIT, code="U12")

    def test_site_changes(self) -> None:
        house = House()
        facts = SiteFacts("HM", "Harbor", "Europe/Lisbon", "EUR", "es", portfolio="Coast")
        with house.scope():
            operations.change_site(actor=ACTOR, at=NOW, site=house.site.public_id, facts=facts)
            row = queries.get_site(public_id=house.site.public_id)

        assert (row.code, row.zone.key, row.portfolio) == ("HM", "Europe/Lisbon", "Coast")
        assert house.actions()[-1] == "sites:change_site"

    def test_unknown_place_is_not_found(self) -> None:
        house = House()

        with house.scope(), pytest.raises(operations.NodeNotFound):
            operations.archive_node(actor=ACTOR, at=NOW, node=uuid.uuid4())
