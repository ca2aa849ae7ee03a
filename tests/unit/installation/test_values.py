"""Addresses that people can open, and when a backup is due."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from meterbook.installation import values
from meterbook.installation.values import Plan


class TestAddress:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (" HTTPS://Meters.Example:443/ ", "https://meters.example"),
            ("http://192.168.1.20:8000", "http://192.168.1.20:8000"),
            ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
            ("http://cellar", "http://cellar"),
        ],
    )
    def test_is_kept_in_one_form(self, given: str, kept: str) -> None:
        assert values.read_address(given) == kept
        assert values.read_address(kept) == kept

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ("", "whole address"),
            ("meters.example", "whole address"),
            ("ftp://meters.example", "whole address"),
            ("javascript:alert(1)", "whole address"),
            ("https://meters.example/app", "nothing after the name"),
            ("https://meters.example/?a=b", "nothing after the name"),
            ("https://ann:secret@meters.example", "no user, no password"),
            ("https://meters.example:99999", "from 1 to 65535"),
            ("https://meters.example:x", "from 1 to 65535"),
            ("https://-meters.example", "not the name or address of a host"),
            ("https://münchen.example", "whole address"),
            ("https://a\r\nb", "whole address"),
        ],
    )
    def test_is_refused_when_people_could_not_open_it(self, given: str, words: str) -> None:
        with pytest.raises(values.AddressRefused, match=words):
            values.read_address(given)


class TestPlan:
    def test_comes_back_from_how_it_is_kept(self) -> None:
        plan = Plan("/backups", time(23, 30), "Europe/Madrid", 30)

        assert Plan.read(plan.plain()) == plan

    @pytest.mark.parametrize(
        ("at", "due"),
        [
            ("2026-03-01T00:30", "2026-02-28T01:00"),
            ("2026-03-01T01:00", "2026-03-01T01:00"),
            # The night without a 02:00: 03:00 of the summer is 01:00 UTC. The night with two: the first one counts.
            ("2026-03-29T09:00", "2026-03-29T01:00"),
            ("2026-10-25T09:00", "2026-10-25T00:00"),
        ],
    )
    def test_is_due_at_the_time_of_day_of_its_place(self, at: str, due: str) -> None:
        plan = Plan(time_of_day=time(2), zone="Europe/Madrid")

        assert plan.latest_due(utc(at)) == utc(due)

    def test_is_due_again_only_after_a_backup_is_older_than_the_time_of_day(self) -> None:
        plan, two = Plan(time_of_day=time(2)), utc("2026-03-01T02:00")

        assert plan.is_due(two + timedelta(hours=9), newest=two - timedelta(seconds=1))
        assert not plan.is_due(two + timedelta(hours=9), newest=two)

    def test_makes_the_first_one_at_its_time_and_not_when_the_installation_starts(self) -> None:
        plan, two = Plan(time_of_day=time(2)), utc("2026-03-01T02:00")

        assert plan.is_due(two + timedelta(minutes=59), newest=None)
        assert not plan.is_due(two + timedelta(hours=9), newest=None)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
