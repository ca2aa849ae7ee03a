"""The arithmetic of the chain."""

import dataclasses
import hashlib
import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.audit import chain

ORGANIZATION = uuid.UUID("6f1c1f0e-6f0f-4a5b-9a55-5a9c1de2b001")
ENTRY = chain.Entry(
    id=12,
    organization_id=3,
    public_id=uuid.UUID("0b6a6c4e-0d3f-4d3a-8f1e-2a44f2c3b111"),
    at=datetime(2026, 3, 1, 5, 0, tzinfo=UTC),
    recorded_at=datetime(2026, 3, 1, 5, 0, 0, 250, tzinfo=UTC),
    actor_kind="USER",
    actor_id=7,
    actor_label="Ada Fields",
    source="127.0.0.1",
    action="sites:create_site",
    subject_kind="sites.site",
    subject_id=None,
    subject_label="S1 Harbor Mall",
    before=None,
    after={"name": "Café", "code": "S1"},
    reason="",
    row_count=None,
    rows_digest="",
)
LIMIT = 2**70
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class TestPlainValues:
    def test_keep_decimals_instants_dates_and_ids_exactly(self) -> None:
        local = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))

        found = chain.plain({"price": Decimal("0.10500000"), "at": local, "id": ORGANIZATION, "on": {"b", "a"}})

        assert found == {
            "price": "0.10500000",
            "at": "2026-03-29T01:30:00.000000Z",
            "id": "6f1c1f0e-6f0f-4a5b-9a55-5a9c1de2b001",
            "on": ["a", "b"],
        }

    @pytest.mark.parametrize("value", [0.1, object(), {"deep": [1, 0.5]}])
    def test_refuse_floats_and_objects(self, value: object) -> None:
        with pytest.raises(chain.NotRecordable):
            chain.plain(value)

    @given(json_values)
    def test_are_the_same_when_made_plain_again(self, value: object) -> None:
        assert chain.plain(chain.plain(value)) == chain.plain(value)


class TestCanonicalJson:
    def test_is_sorted_and_tight_and_keeps_letters(self) -> None:
        assert chain.canonical({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()

    @given(st.dictionaries(st.text(), json_values, max_size=5))
    def test_does_not_depend_on_the_order_of_keys(self, value: dict[str, chain.Plain]) -> None:
        turned = dict(reversed(list(value.items())))

        assert chain.canonical(turned) == chain.canonical(value)


class TestLink:
    def test_is_sha_256_of_the_previous_digest_and_the_entry(self) -> None:
        previous = chain.genesis(ORGANIZATION)
        text = (
            '{"action":"sites:create_site","actor_id":7,"actor_kind":"USER","actor_label":"Ada Fields",'
            '"after":{"code":"S1","name":"Café"},"at":"2026-03-01T05:00:00.000000Z","before":null,"id":12,'
            '"organization_id":3,"public_id":"0b6a6c4e-0d3f-4d3a-8f1e-2a44f2c3b111","reason":"",'
            '"recorded_at":"2026-03-01T05:00:00.000250Z","row_count":null,"rows_digest":"","sequence":1,'
            '"source":"127.0.0.1","subject_id":null,"subject_kind":"sites.site","subject_label":"S1 Harbor Mall"}'
        )

        assert previous == hashlib.sha256(f"meterbook audit {ORGANIZATION}".encode()).digest()
        assert chain.link(previous, 1, ENTRY) == hashlib.sha256(previous + text.encode()).digest()

    @pytest.mark.parametrize("field", [each.name for each in dataclasses.fields(chain.Entry)])
    def test_covers_every_field(self, field: str) -> None:
        other = {
            int: 99,
            str: "other",
            uuid.UUID: uuid.UUID(int=1),
            datetime: datetime(2026, 3, 2, tzinfo=UTC),
            dict: {"name": "x"},
            type(None): "x",
        }[type(getattr(ENTRY, field))]
        changed = dataclasses.replace(ENTRY, **{field: other})

        assert chain.link(b"", 1, changed) != chain.link(b"", 1, ENTRY)

    def test_covers_the_place_and_what_came_before(self) -> None:
        assert len({chain.link(b"", 1, ENTRY), chain.link(b"", 2, ENTRY), chain.link(b"x", 1, ENTRY)}) == 3


class TestDigestOfRows:
    def test_counts_and_covers_the_order(self) -> None:
        rows = [[1, "a"], [2, "b"]]

        count, digest = chain.digest_of_rows(rows)

        assert count == 2
        assert digest == hashlib.sha256(b'[1,"a"]\n[2,"b"]\n').hexdigest()
        assert chain.digest_of_rows(reversed(rows))[1] != digest
