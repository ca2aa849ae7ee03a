"""One statement that finds meters, units, accounts, bills and all else that has a name or number, for the palette.

Each kind is looked through only for those who may see it, and only at the sites where they may. Row security keeps an
index from being used for a condition that is not leakproof, and LIKE is none: names are compared row by row, 10,000
rows of a kind in two milliseconds. So what is costly (accents, joins, ranks) is done for few rows only. Bills are more
than that, and are found by the order of their numbers.
"""

from __future__ import annotations

import enum
import unicodedata
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from meterbook.foundation import scoping

EACH = 6  # of a kind
MOST_WORDS = 5
MOST_DIGITS = 18
HIGHEST_SIGN = chr(0x10FFFF)
LOOSE_FROM = 3  # letters of a word whose accents are overlooked in names that are not stored without them
_ACCENTED = frozenset("aeiounc")  # letters that are written with accents
_PLAIN, _MARKED = "aeiouunaeiouaeiouaeioac", "áéíóúüñàèìòùâêîôûäëïöãç"


class PlaceKind(enum.StrEnum):
    """What can be jumped to."""

    METER = "METER"
    ACCOUNT = "ACCOUNT"
    BILL = "BILL"
    UNIT = "UNIT"
    RUN = "RUN"
    TARIFF = "TARIFF"
    SITE = "SITE"
    GATEWAY = "GATEWAY"
    PERSON = "PERSON"


@dataclass(frozen=True)
class Place:
    """Something that was found. `parent_id` is the site of a unit; `detail` says where it is; `rank` 0 is exact."""

    kind: PlaceKind
    public_id: uuid.UUID
    title: str
    detail: str
    parent_id: uuid.UUID | None
    rank: int


@dataclass(frozen=True)
class _Text:
    """A column that is compared with what is typed: `folded` is stored in small letters without accents (if any is)."""

    column: str
    folded: str = ""
    has_accents: bool = False


_POINT = (_Text("p.name", folded="p.sort_name"), _Text("p.code"))
_SERIAL = (_Text("m.serial_number"),)
_NODE = (_Text("node.name", folded="node.sort_name"), _Text("node.code"))
_ACCOUNT = (_Text("customer.name", has_accents=True), _Text("account.number"), _Text("customer.code"))
_OF_SITE = "JOIN sites_site site ON site.id = {of}.site_id AND site.organization_id = %(organization)s"
# Found by name or code, or by the serial number of the meter that hangs there: the best few, then their details.
_METERS = """
    SELECT p.public_id, p.name AS title,
        concat_ws(' · ', p.code, nullif(m.serial_number, ''), node.name, site.name) AS detail, NULL::uuid AS parent_id,
        found.rank, p.sort_name AS sorted
    FROM (
        SELECT id, min(rank) AS rank FROM (
            (SELECT p.id, {p_rank} AS rank FROM metering_meterpoint p
                WHERE p.organization_id = %(organization)s AND {p_matches} {sites}
                ORDER BY rank, p.sort_name LIMIT %(each)s)
            UNION ALL
            (SELECT p.id, {m_rank} AS rank FROM metering_meter m
                JOIN metering_installation i ON i.meter_id = m.id AND upper_inf(i.during)
                    AND i.organization_id = %(organization)s
                JOIN metering_meterpoint p ON p.id = i.meter_point_id AND p.organization_id = %(organization)s {sites}
                WHERE m.organization_id = %(organization)s AND {m_matches}
                ORDER BY rank, p.sort_name LIMIT %(each)s)
        ) AS either GROUP BY id ORDER BY min(rank) LIMIT %(each)s
    ) AS found
    JOIN metering_meterpoint p ON p.id = found.id AND p.organization_id = %(organization)s
    JOIN sites_site site ON site.id = p.site_id AND site.organization_id = %(organization)s
    LEFT JOIN sites_sitenode node ON node.id = p.node_id AND node.organization_id = %(organization)s
    LEFT JOIN metering_installation i ON i.meter_point_id = p.id AND upper_inf(i.during)
        AND i.organization_id = %(organization)s
    LEFT JOIN metering_meter m ON m.id = i.meter_id AND m.organization_id = %(organization)s
"""
_BILLS = """
    SELECT bill.public_id, bill.number AS title, concat_ws(' · ', customer.name, site.name) AS detail,
        NULL::uuid AS parent_id, CASE WHEN bill.number = %(number)s THEN 0 ELSE 1 END AS rank,
        lpad((9999999 - to_char(bill.bill_date, 'J')::int)::text, 7, '0') AS sorted
    FROM (
        (SELECT id FROM billing_bill WHERE organization_id = %(organization)s
            AND number ~>=~ %(number)s AND number ~<~ %(after)s ORDER BY number USING ~<~ LIMIT 200)
        UNION
        (SELECT id FROM billing_bill WHERE organization_id = %(organization)s AND sequence = %(sequence)s LIMIT 200)
    ) AS found
    JOIN billing_bill bill ON bill.id = found.id AND bill.organization_id = %(organization)s
    JOIN customers_account account ON account.id = bill.account_id AND account.organization_id = %(organization)s
    JOIN customers_customer customer ON customer.id = account.customer_id
        AND customer.organization_id = %(organization)s
    JOIN sites_site site ON site.id = account.site_id AND site.organization_id = %(organization)s
    WHERE true {sites}
"""


@dataclass(frozen=True)
class _Search:
    """How a kind is looked for: its rows, the texts compared, the column of its site, and how it is shown."""

    rows: str
    texts: tuple[_Text, ...]
    site: str
    public_id: str
    title: str
    detail: str
    sorted: str
    parent: str = "NULL::uuid"


_SEARCHES = {
    PlaceKind.ACCOUNT: _Search(
        "customers_account account JOIN customers_customer customer ON customer.id = account.customer_id"
        f" AND customer.organization_id = %(organization)s {_OF_SITE.format(of='account')}",
        _ACCOUNT,
        "account.site_id",
        "account.public_id",
        "customer.name",
        "concat_ws(' · ', account.number, site.name)",
        "customer.name",
    ),
    PlaceKind.UNIT: _Search(
        f"sites_sitenode node {_OF_SITE.format(of='node')}",
        _NODE,
        "node.site_id",
        "node.public_id",
        "node.name",
        "concat_ws(' · ', node.code, site.name)",
        "node.sort_name",
        parent="site.public_id",
    ),
    PlaceKind.RUN: _Search(
        f"billing_billrun run {_OF_SITE.format(of='run')}",
        (_Text("site.name", has_accents=True), _Text("to_char(lower(run.days), 'YYYY-MM')")),
        "run.site_id",
        "run.public_id",
        "site.name",
        "to_char(lower(run.days), 'YYYY-MM-DD')",
        "lpad((9999999 - to_char(lower(run.days), 'J')::int)::text, 7, '0')",
    ),
    PlaceKind.TARIFF: _Search(
        "tariffs_tariff tariff",
        (_Text("tariff.name", has_accents=True), _Text("tariff.code")),
        "",
        "tariff.public_id",
        "tariff.name",
        "tariff.code",
        "tariff.name",
    ),
    PlaceKind.SITE: _Search(
        "sites_site site",
        (_Text("site.name", has_accents=True), _Text("site.code")),
        "site.id",
        "site.public_id",
        "site.name",
        "site.code",
        "site.name",
    ),
    PlaceKind.GATEWAY: _Search(
        f"acquisition_bus bus {_OF_SITE.format(of='bus')}",
        (_Text("bus.name", has_accents=True), _Text("bus.host")),
        "bus.site_id",
        "bus.public_id",
        "bus.name",
        "concat_ws(' · ', bus.host || ':' || bus.port, site.name)",
        "bus.name",
    ),
    PlaceKind.PERSON: _Search(
        # Users belong to no organization: those who have or had a role in it.
        "identity_user person JOIN (SELECT DISTINCT user_id, organization_id FROM identity_grant"
        " WHERE organization_id = %(organization)s) AS held ON held.user_id = person.id",
        (_Text("person.name", has_accents=True), _Text("person.email")),
        "",
        "person.public_id",
        "coalesce(nullif(person.name, ''), person.email)",
        "person.email",
        "person.name",
    ),
}
_OWNER = {
    PlaceKind.ACCOUNT: "account",
    PlaceKind.UNIT: "node",
    PlaceKind.RUN: "run",
    PlaceKind.TARIFF: "tariff",
    PlaceKind.SITE: "site",
    PlaceKind.GATEWAY: "bus",
    PlaceKind.PERSON: "held",
}


def find_places(*, words: str, kinds: Mapping[PlaceKind, Collection[int] | None], each: int = EACH) -> list[Place]:
    """This will return what has all the words in its name or number: exact numbers first, then what begins so.

    :param kinds: what to look for, with the ids of the sites where; None is the whole organization
    :param each: how many of a kind
    """
    asked = " ".join(words.lower().split()[:MOST_WORDS])
    if not asked or not kinds:
        return []
    given = {**_given(asked), "each": each}
    parts = []
    for kind, site_ids in kinds.items():
        if site_ids is not None:
            given[f"sites_{kind}"] = sorted(site_ids)
        part = _part(kind, asked, is_narrowed=site_ids is not None)
        parts.append(
            f"(SELECT '{kind}' AS kind, part.* FROM ({part}) AS part ORDER BY rank, sorted LIMIT %(each)s)"  # noqa: S608 - of constants
        )
    statement = f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS found ORDER BY rank, sorted"  # noqa: S608 - as above
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows = cursor.fetchall()
    return [
        Place(PlaceKind(kind), pk, title, detail, parent, rank) for kind, pk, title, detail, parent, rank, _ in rows
    ]


def _given(asked: str) -> dict[str, Any]:
    digits = asked.lstrip("#")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    number = asked.upper()
    given = {
        "organization": scoping.current().organization_id,
        "exact": _literal(asked),
        "starting": f"{_literal(asked)}%",
        "number": number,
        "after": number + HIGHEST_SIGN,
        "sequence": int(digits) if is_number else -1,
    }
    for place, word in enumerate(asked.split()):
        plain = _folded(word)
        # Any sign stands for a letter that may bear an accent: few rows are left, whose accents are then looked at.
        loose = "".join("_" if each in _ACCENTED else _literal(each) for each in plain)
        given |= {
            f"word_{place}": f"%{_literal(word)}%",
            f"plain_{place}": f"%{_literal(plain)}%",
            f"loose_{place}": f"%{loose}%",
        }
    return given


def _part(kind: PlaceKind, asked: str, *, is_narrowed: bool) -> str:
    """The statement of one kind: public id, title, detail, parent, rank, and what it is sorted by."""
    if kind is PlaceKind.METER:
        return _METERS.format(
            p_rank=_rank(_POINT),
            m_rank=_rank(_SERIAL),
            p_matches=_matches(_POINT, asked),
            m_matches=_matches(_SERIAL, asked),
            sites=_narrowing(kind, "p.site_id", is_narrowed=is_narrowed),
        )
    if kind is PlaceKind.BILL:
        return _BILLS.format(sites=_narrowing(kind, "account.site_id", is_narrowed=is_narrowed))
    search = _SEARCHES[kind]
    narrowed = _narrowing(kind, search.site, is_narrowed=is_narrowed) if search.site else ""
    return f"""
        SELECT {search.public_id} AS public_id, {search.title} AS title, {search.detail} AS detail,
            {search.parent} AS parent_id, {_rank(search.texts)} AS rank, {search.sorted} AS sorted
        FROM {search.rows}
        WHERE {_OWNER[kind]}.organization_id = %(organization)s AND {_matches(search.texts, asked)} {narrowed}
    """  # noqa: S608 - of constants only


def _narrowing(kind: PlaceKind, column: str, *, is_narrowed: bool) -> str:
    return f"AND {column} = ANY(%(sites_{kind})s)" if is_narrowed else ""


def _rank(texts: tuple[_Text, ...]) -> str:
    exact, starts = (
        " OR ".join(f"{each.column} ILIKE %({pattern})s" for each in texts) for pattern in ("exact", "starting")
    )
    return f"CASE WHEN {exact} THEN 0 WHEN {starts} THEN 1 ELSE 2 END"


def _matches(texts: tuple[_Text, ...], asked: str) -> str:
    """Every word stands somewhere in the texts."""
    words = asked.split()
    return " AND ".join(
        f"({' OR '.join(_holds(text, place, word) for text in texts)})" for place, word in enumerate(words)
    )


def _holds(text: _Text, place: int, word: str) -> str:
    if text.folded:
        return f"{text.folded} LIKE %(plain_{place})s"
    if text.has_accents and len(word) >= LOOSE_FROM:
        plain = f"translate(lower({text.column}), '{_MARKED}', '{_PLAIN}')"
        return f"({text.column} ILIKE %(loose_{place})s AND {plain} LIKE %(plain_{place})s)"
    return f"{text.column} ILIKE %(word_{place})s"


def _folded(word: str) -> str:
    """In small letters and without accents: who looks for "panaderia" finds "Panadería"."""
    apart = unicodedata.normalize("NFKD", word)
    return "".join(each for each in apart if not unicodedata.combining(each))


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
