"""When a periodic job is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.foundation import ticker

EVERY = st.sampled_from([timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)])
INSTANTS = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


class TestLatestDue:
    def test_is_the_newest_multiple_plus_offset(self) -> None:
        quarter = ticker.Periodic("x.y", every=timedelta(minutes=15), offset=timedelta(seconds=20))

        due = ticker.latest_due(quarter, datetime(2026, 11, 25, 10, 7, tzinfo=UTC))

        assert due == datetime(2026, 11, 25, 10, 0, 20, tzinfo=UTC)

    def test_at_the_instant_itself_is_that_instant(self) -> None:
        minute = ticker.Periodic("x.y", every=timedelta(minutes=1))
        at = datetime(2028, 2, 29, 23, 59, tzinfo=UTC)

        assert ticker.latest_due(minute, at) == at

    @given(every=EVERY, now=INSTANTS)
    def test_is_never_in_the_future_and_never_a_whole_step_old(self, every: timedelta, now: datetime) -> None:
        due = ticker.latest_due(ticker.Periodic("x.y", every=every), now)

        assert timedelta(0) <= now - due < every


class TestPayloads:
    @pytest.mark.parametrize("apart", [1, 2])
    @pytest.mark.parametrize("count", [0, 1, 500, 501, 2000])
    def test_carry_every_id_once_and_stay_under_the_limit_of_the_server(self, count: int, apart: int) -> None:
        from meterbook.foundation import bus

        ids = range(10**12, 10**12 + count * apart, apart)

        payloads = bus.payloads("series", 7, ids)

        assert [each for payload in payloads for each in bus.parse(payload).ids] == list(ids)
        assert all(len(payload) < 8000 for payload in payloads)
