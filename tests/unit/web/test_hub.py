"""Notices for browsers: bounded, and of one organization."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from meterbook.foundation import bus
from meterbook.identity.values import RIGHTS
from meterbook.web.stream import hub


def taken(box: hub.Mailbox) -> list[dict[str, Any]]:
    return [json.loads(text) for text in asyncio.run(box.take(0.0))]


class TestMailbox:
    def test_joins_the_ids_of_one_kind(self) -> None:
        box = hub.Mailbox(1)
        box.put("series", (3, 1))
        box.put("series", (2, 3))
        box.put("alarm", (9,))

        assert taken(box) == [{"kind": "series", "ids": [1, 2, 3]}, {"kind": "alarm", "ids": [9]}]

    def test_is_empty_after_it_was_read(self) -> None:
        box = hub.Mailbox(1)
        box.put("series", (1,))
        taken(box)

        assert taken(box) == []

    def test_says_that_anything_changed_rather_than_grow_without_end(self) -> None:
        box = hub.Mailbox(1)
        for first in range(0, 10 * hub.MOST_IDS, 500):
            box.put("series", tuple(range(first, first + 500)))

        assert taken(box) == [{"kind": "series", "ids": []}]

    def test_says_once_that_rights_are_in_doubt_and_tells_the_browser_nothing_of_it(self) -> None:
        box = hub.Mailbox(1, ["alarm"])
        before = box.doubts_rights()
        box.put(RIGHTS, (7,))

        assert taken(box) == []
        assert [before, box.doubts_rights(), box.doubts_rights()] == [False, True, False]

    def test_of_single_meters_hears_of_nothing_else(self) -> None:
        box = hub.Mailbox(1, ["series"], only=frozenset({1, 2}))
        box.put("series", (7,))
        box.put("series", (2, 7))
        box.put("alarm", (1,))
        told = taken(box)
        box.put("series", ())

        assert told == [{"kind": "series", "ids": [2]}]
        assert taken(box) == [{"kind": "series", "ids": [1, 2]}]

    def test_of_some_sites_hears_of_their_series_and_that_anything_else_changed(self) -> None:
        box = hub.Mailbox(1, only=frozenset({1, 2}))
        box.put("series", (2, 7))
        box.put("alarm", (9,))
        told = taken(box)
        box.narrow(frozenset({7}))
        box.put("series", (2, 7))

        assert told == [{"kind": "series", "ids": [2]}, {"kind": "alarm", "ids": []}]
        assert taken(box) == [{"kind": "series", "ids": [7]}]


class TestHub:
    def test_delivers_only_to_the_organization_of_the_notice(self) -> None:
        own, foreign = hub.Mailbox(1), hub.Mailbox(2)
        process = hub.Hub()
        process._boxes[1].add(own)
        process._boxes[2].add(foreign)

        process.deliver(bus.Notice("alarm", 1, (7,)))

        assert taken(own) == [{"kind": "alarm", "ids": [7]}]
        assert taken(foreign) == []
