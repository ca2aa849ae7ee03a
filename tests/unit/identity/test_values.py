"""What grants amount to."""

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.identity import values

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def facts(
    *permissions: str, site_id: int | None = None, starts_at: datetime = START, ends_at: datetime | None = END
) -> values.GrantFacts:
    return values.GrantFacts(permissions=frozenset(permissions), site_id=site_id, starts_at=starts_at, ends_at=ends_at)


class TestGrantFacts:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [(START - TICK, False), (START, True), (END - TICK, True), (END, False)],
        ids=["before the start", "at the start", "just before the end", "at the end"],
    )
    def test_are_in_force_from_the_start_to_before_the_end(self, at: datetime, *, expected: bool) -> None:
        assert facts("metering:view").is_in_force(at) is expected

    def test_without_an_end_stay_in_force(self) -> None:
        assert facts("metering:view", ends_at=None).is_in_force(END + timedelta(days=36500))


class TestAccess:
    def test_is_empty_without_grants(self) -> None:
        access = values.resolve([], START)

        assert not access.allows_somewhere("metering:view")
        assert access.sites("metering:view") == frozenset()

    def test_of_the_organization_reaches_every_site(self) -> None:
        access = values.resolve([facts("metering:view")], START)

        assert access.allows("metering:view")
        assert access.allows("metering:view", 7)
        assert access.sites("metering:view") is None

    def test_of_one_site_reaches_no_other_and_not_the_organization(self) -> None:
        access = values.resolve([facts("metering:view", site_id=7)], START)

        assert access.allows("metering:view", 7)
        assert not access.allows("metering:view", 8)
        assert not access.allows("metering:view")
        assert access.allows_somewhere("metering:view")
        assert access.sites("metering:view") == frozenset({7})

    def test_adds_up_what_several_grants_give(self) -> None:
        grants = [facts("sites:view"), facts("metering:view", site_id=7), facts("alarms:view", site_id=7)]

        access = values.resolve(grants, START)

        assert access.permissions() == {"sites:view"}
        assert access.permissions(7) == {"sites:view", "metering:view", "alarms:view"}

    def test_leaves_out_what_has_ended_and_what_has_not_begun(self) -> None:
        ended = facts("sites:edit", starts_at=START - timedelta(days=1), ends_at=START)
        not_begun = facts("metering:edit", starts_at=START + TICK)

        access = values.resolve([ended, not_begun, facts("sites:view")], START)

        assert access.everywhere == {"sites:view"}


class TestOneTimePassword:
    def test_does_not_show_in_logs(self) -> None:
        assert "kq7mh" not in repr(values.OneTimePassword(email="a@meterbook.example", password="kq7mh-x3wpd"))
