"""Devices that send by HTTP: believed by their token, read by their mapping, stored once for each instant."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from meterbook.acquisition import models, operations, senders, values
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import acquisition, identity, sites
from tests.factories import senders as factory


def sending(**more: Any) -> factory.Sending:  # noqa: ANN401 - as the factory takes it
    organization = identity.organization()
    return factory.sending(site=sites.site(organization=organization), organization=organization, **more)


def seen(made: factory.Sending) -> senders.SenderRow:
    with scoping.scope([made.site.organization_id], actor=acquisition.ACTOR):
        return senders.get_sender(public_id=made.made.public_id)


def acting(made: factory.Sending, operation: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever operation it is
    with scoping.scope([made.site.organization_id], actor=acquisition.ACTOR):
        return operation(actor=acquisition.ACTOR, at=clock.now(), public_id=made.made.public_id, **more)


NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)


def told(total: float, minutes: int = 0, power: float = 750) -> dict[str, Any]:
    at = NOON + timedelta(minutes=minutes)
    return {"energy": {"total": total}, "power": power, "ts": int(at.timestamp())}


@pytest.mark.spec("M-016/6")
class TestMessage:
    def test_becomes_a_reading_of_its_slot_once_whenever_it_comes(self) -> None:
        made = sending()

        first = made.post(told(100.5))
        again = made.post(told(100.5))
        contradicting = made.post(told(100.6))
        same_slot = made.post(told(101, 2))
        next_one, late = made.post(told(102, 15)), made.post(told(99, -60))

        counts = [
            tuple(each.json()[name] for name in ("stored", "known", "conflicting", "live"))
            for each in (first, again, contradicting, same_slot, next_one, late)
        ]
        assert counts == [(2, 0, 0, 0), (0, 2, 0, 0), (0, 1, 1, 0), (0, 0, 0, 2), (2, 0, 0, 0), (2, 0, 0, 0)]
        assert first.json()["at"] == NOON.isoformat()
        quarter = timedelta(minutes=15)
        assert made.stored() == [(NOON - 4 * quarter, 99_000), (NOON, 100_500), (NOON + quarter, 102_000)]
        row = seen(made)
        assert (row.status, row.refused, row.seen_from) == (values.DeviceStatus.OK, 0, "127.0.0.1")
        assert "energy" in row.message

    def test_is_heard_as_devices_send_it(self) -> None:
        made = sending(text="energy_import: /total Wh\npower: /apower W")
        path = f"{made.path}/{made.made.token}"

        hook = Client().get(path, {"total": "1500.5", "apower": "12"})
        form = Client().post(path, "total=1600&apower=9", content_type="application/x-www-form-urlencoded")
        mislabelled = Client().post(path, '{"total": 1700}', content_type="application/x-www-form-urlencoded")
        put = Client().put(path, '{"total": 1800}', content_type="application/json")
        bare = sending(text="energy_import: .")

        assert [each.status_code for each in (hook, form, mislabelled, put)] == [200] * 4
        assert hook.json()["stored"] == 2
        assert made.stored()[0][1] == 1_501
        number = Client().post(f"{bare.path}/{bare.made.token}", "42.5", content_type="text/plain")
        assert number.json()["stored"] == 1, number.content
        assert bare.stored()[0][1] == 42_500

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("{", "no JSON"),
            ('{"power": "much", "ts": "%(at)s"}', "/energy/total"),
            ('{"energy": {"total": -4}, "ts": "%(at)s"}', "energy_import"),
            ('{"energy": {"total": 4}}', "/ts"),
            ('{"energy": {"total": 4}, "ts": "2100-01-01T00:00:00Z"}', "/ts"),
        ],
    )
    def test_that_cannot_be_used_is_told_why_and_shown(self, content: str, words: str) -> None:
        made = sending()

        answer = made.post(content.replace("%(at)s", NOON.isoformat()))

        assert answer.status_code == 422
        assert answer.json()["code"] == "unusable"
        assert words in answer.json()["detail"]
        row = seen(made)
        assert row.problem is not None
        assert (row.refused, words in row.refusal) == (1, True)
        assert made.stored() == []

    def test_with_one_value_lacking_keeps_the_others_and_says_so(self) -> None:
        made = sending()

        answer = made.post({"power": 5, "ts": NOON.isoformat()})

        assert (answer.status_code, answer.json()["stored"]) == (200, 1)
        assert "/energy/total" in answer.json()["problem"]


@pytest.mark.spec("X-08/3")
class TestProof:
    def test_is_the_token_alone_and_no_answer_tells_more(self) -> None:
        made, other = sending(), sending()

        refused = [
            made.post(told(1), token="wrong"),
            made.post(told(1), token=other.made.token),
            Client().post(made.path, told(1), content_type="application/json"),
            Client().post(f"/push/v1/devices/{uuid.uuid4()}", told(1), content_type="application/json"),
            Client().get(f"{made.path}/wrong", {"power": "1"}),
        ]

        assert {each.status_code for each in refused} == {401}
        assert len({each.json()["detail"] for each in refused}) == 1
        assert not any("wrong" in each.content.decode() for each in refused)
        assert made.stored() == []
        assert seen(made).refused == 4
        with scoping.scope([made.site.organization_id], actor=acquisition.ACTOR):
            kept = models.Sender.objects.get(organization_id=made.site.organization_id)
        assert made.made.token not in str(vars(kept))
        assert Client().delete(made.path).status_code == 405

    def test_is_exchanged_with_a_day_for_the_former_one_and_revoked(self) -> None:
        made = sending()
        before = made.made

        made.made = acting(made, operations.rotate_sender, real_at=clock.real_now(), keeps_former=True)
        both = [made.post(told(1, 15)), made.post(told(1, 30), token=before.token)]
        acting(made, operations.rotate_sender, real_at=clock.real_now() - timedelta(days=2), keeps_former=True)
        ended = made.post(told(1, 45))
        made.made = acting(made, operations.rotate_sender, real_at=clock.real_now(), keeps_former=False)
        acting(made, operations.revoke_sender, reason="sold")

        assert [each.status_code for each in both] == [200, 200]
        assert ended.status_code == 401
        assert made.post(told(1, 60)).status_code == 401
        assert not seen(made).is_enabled
        made.made = acting(made, operations.rotate_sender, real_at=clock.real_now(), keeps_former=True)
        assert made.post(told(1, 60)).status_code == 200

    def test_is_not_asked_in_the_local_network_of_a_device_that_is_marked_so(self) -> None:
        made = sending(is_open=True)

        near = made.post(told(1))
        far = made.post(told(2, 15), REMOTE_ADDR="8.8.8.8")

        proxied = made.post(told(3, 30), HTTP_X_FORWARDED_FOR="8.8.8.8")
        assert (near.status_code, far.status_code, proxied.status_code) == (200, 403, 403)
        assert "local network" in far.json()["detail"]
        with pytest.raises(operations.SenderMisconfigured):
            acting(made, operations.rotate_sender, real_at=clock.real_now(), keeps_former=True)

    def test_does_not_help_who_sends_too_often_or_too_much(self) -> None:
        made = sending()
        with scoping.scope([made.site.organization_id], actor=acquisition.ACTOR):
            models.Sender.objects.filter(organization_id=made.site.organization_id).update(
                window_at=clock.real_now(), window_count=60
            )

        many = made.post(told(1))
        large = made.post({"x": "x" * 70_000})

        assert (many.status_code, large.status_code) == (429, 413)
        assert 0 < int(many.headers["Retry-After"]) <= 61
        assert many.json()["code"] == "too_many"


class TestQuiet:
    def test_device_is_told_after_three_intervals_and_comes_back(self) -> None:
        made = sending(seconds=60)
        made.post(told(1))

        def look(after: timedelta) -> int:
            with scoping.scope([made.site.organization_id], actor=acquisition.ACTOR):
                at = clock.now() + after
                count: int = operations.note_quiet_senders(actor=acquisition.ACTOR, at=at)
                return count

        assert look(timedelta(seconds=100)) == 0
        assert look(timedelta(seconds=200)) == 1
        assert look(timedelta(seconds=260)) == 0
        row = seen(made)
        assert row.status is values.DeviceStatus.SILENT
        assert row.problem is not None
        assert "Nothing came for" in row.problem.words
        made.post(told(2, 15))
        assert seen(made).status is values.DeviceStatus.OK

    @pytest.mark.parametrize("message", [{"last_gasp": True}, {"event": "power-lost"}, {"last_gasp": "true"}])
    def test_device_that_says_that_its_supply_fails_is_silent_for_that_until_it_sends_again(
        self, message: dict[str, Any]
    ) -> None:
        made = sending(seconds=60)
        made.post(told(1))
        gasped = made.post(message)
        row = seen(made)
        made.post(told(2, 15))

        assert gasped.status_code == 200, gasped.content
        assert gasped.json()["stored"] == 0
        assert "supply failed" in gasped.json()["problem"]
        assert row.status is values.DeviceStatus.SILENT
        assert row.problem is not None
        assert row.problem.code == "LAST_GASP"
        assert seen(made).status is values.DeviceStatus.OK

    def test_device_cannot_be_asked(self) -> None:
        made = sending()

        with (
            scoping.scope([made.site.organization_id], actor=acquisition.ACTOR),
            pytest.raises(operations.DeviceNotAsked, match="by HTTP"),
        ):
            operations.request_reading(
                actor=acquisition.ACTOR,
                at=clock.now(),
                real_at=clock.real_now(),
                meter_public_id=made.meter.public_id,
            )
