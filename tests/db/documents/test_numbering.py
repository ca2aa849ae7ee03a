"""How the numbers of bills begin, and that none is given twice or left out."""

from __future__ import annotations

import pytest

from meterbook.audit import queries as audit_queries
from meterbook.documents import numbering, operations
from meterbook.documents.numbering import Start
from meterbook.documents.values import DocumentKind
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from tests.factories import identity

BILL = DocumentKind.BILL


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def plan(organization: identity_models.Organization, prefix: str, first: int = 1, *, year: int = 2027) -> None:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        numbering.plan_series(
            actor=identity.ACTOR, at=clock.now(), kind=BILL, place="HR", year=year, prefix=prefix, first_number=first
        )


def take(organization: identity_models.Organization, count: int, *, year: int = 2027) -> list[int]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        start = numbering.find_start(kind=BILL, place="HR", year=year)
        taken = operations.take_numbers(kind=BILL, prefix=start.prefix, count=count, first_number=start.first_number)
        return list(taken)


def standing(organization: identity_models.Organization, *, year: int = 2027) -> numbering.Standing:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return numbering.standings(kind=BILL, places=["HR"], years=[year])[0]


class TestSeries:
    def test_begins_by_itself_with_place_and_year(self, organization: identity_models.Organization) -> None:
        before = standing(organization)
        numbers = take(organization, 3)
        after = standing(organization)

        assert (before.start, before.issued, before.newest, before.following) == (
            Start("HR-2027", 1), 0, "", "HR-2027-000001",
        )  # fmt: skip
        assert numbers == [1, 2, 3]
        assert (after.issued, after.newest, after.following) == (3, "HR-2027-000003", "HR-2027-000004")

    def test_begins_as_planned_and_goes_on_without_a_gap(self, organization: identity_models.Organization) -> None:
        plan(organization, "HARBOR.27", 412)
        before = standing(organization)

        numbers = take(organization, 2) + take(organization, 1)

        assert before.following == "HARBOR.27-000412"
        assert numbers == [412, 413, 414]
        assert (standing(organization).issued, standing(organization).is_used) == (3, True)

    def test_is_left_alone_once_a_number_was_given(self, organization: identity_models.Organization) -> None:
        take(organization, 1)

        with pytest.raises(numbering.SeriesInUse, match="Plan the next year"):
            plan(organization, "OTHER")
        plan(organization, "OTHER", year=2028)

    def test_goes_on_an_older_prefix_only_where_that_stands(self, organization: identity_models.Organization) -> None:
        plan(organization, "HARBOR", year=2026)
        take(organization, 4, year=2026)

        for wrong in (1, 4, 6):
            with pytest.raises(numbering.NumberUsed, match="first one must be 5"):
                plan(organization, "HARBOR", wrong)
        plan(organization, "HARBOR", 5)

        assert take(organization, 1) == [5]

    def test_can_be_planned_anew_until_it_is_used_and_leaves_a_trail(
        self, organization: identity_models.Organization
    ) -> None:
        plan(organization, "A", 5)
        plan(organization, "B", 7)
        plan(organization, "B", 7)

        assert standing(organization).start == Start("B", 7)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            found = [each for each in audit_queries.list_entries(limit=9) if each.action == "documents:plan_series"]
        assert (found[0].before, found[0].after) == (
            {"prefix": "A", "first_number": 5}, {"prefix": "B", "first_number": 7},
        )  # fmt: skip
        assert len(found) == 2

    @pytest.mark.parametrize("prefix", ["", "-A", "A-", "A/B", "Ä", "A B", "A" * 41, "A\n"])
    def test_refuses_what_cannot_be_printed_or_filed(
        self, organization: identity_models.Organization, prefix: str
    ) -> None:
        with pytest.raises(numbering.PrefixRefused):
            plan(organization, prefix)

    def test_of_another_organization_is_its_own(self, organization: identity_models.Organization) -> None:
        plan(organization, "HARBOR", 9)

        assert standing(identity.organization()).start == Start("HR-2027", 1)
