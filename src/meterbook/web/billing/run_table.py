"""The accounts of a run as its page lists them: filters with counts, sorted heads, groups, changes in words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.billing.operations import DATA_REASONS
from meterbook.billing.queries import Narrowing, Show, Sort
from meterbook.billing.values import MemberState
from meterbook.journeys import keeping_calendars
from meterbook.kernel import rounding
from meterbook.kernel.money import Money
from meterbook.metering import queries as metering_queries
from meterbook.web import parameters, tables
from meterbook.web.meters import settling
from meterbook.web.templatetags import meterbook as tags

SETTLED_AT_THE_METER = (
    billing_values.HoldReason.MISSING,
    billing_values.HoldReason.QUESTIONABLE,
    billing_values.HoldReason.INCOMPLETE,
)
CAPTIONS = {
    Show.ALL: gettext_lazy("All"),
    Show.HELD: gettext_lazy("To decide"),
    Show.READY: gettext_lazy("Ready"),
    Show.ESTIMATED: gettext_lazy("Estimated"),
    Show.VACANCY: gettext_lazy("Vacancy"),
    Show.CHANGED: gettext_lazy("Changed over 30 %"),
    Show.UNUSUAL: gettext_lazy("Unusual use"),
    Show.ISSUED: pgettext_lazy("bills", "Issued"),
    Show.EXCLUDED: gettext_lazy("Left out"),
}


@dataclass(frozen=True)
class FilterChip:
    """A way to narrow the accounts of a run."""

    caption: str
    href: str
    count: str
    is_chosen: bool


@dataclass(frozen=True)
class Waits:
    """What a person must settle at a meter before an account can be billed."""

    title: str
    words: str
    point: uuid.UUID


@dataclass(frozen=True)
class Why:
    """A reason for which an account is held, with the meters that it is true of."""

    reason: billing_queries.Reason
    meters: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """An account in the table; `change` is written, `tone` says whether it is strong."""

    row: billing_queries.ComparedRow
    change: str
    direction: str
    waits: tuple[Waits, ...] = ()
    whys: tuple[Why, ...] = ()
    a_year_ago: Money | None = None
    lacks_readings: bool = False
    is_estimable: bool = False

    @property
    def change_in_a_year(self) -> str:
        """By how much it differs from then, in percent; empty where one is not known."""
        return percent(self.a_year_ago, self.row.member.total)


@dataclass(frozen=True)
class Group:
    """Accounts that need the same attention; a sorted list is one group without a caption."""

    code: str
    caption: str
    remark: str
    lines: tuple[Line, ...]


def read(request: HttpRequest) -> Narrowing:
    """This will read what a page of a run is asked for; what is unknown is left out."""
    show, reason = request.GET.get("show", ""), request.GET.get("reason", "")
    code, is_descending = tables.sorting(request.GET.get("sort", ""))
    return Narrowing(
        show=Show(show) if show in set(Show) else Show.ALL,
        reason=billing_values.HoldReason(reason) if reason in set(billing_values.HoldReason) else None,
        search=parameters.search(request, "search"),
        sort=Sort(code) if code in set(Sort) else Sort.GROUP,
        is_descending=is_descending and code in set(Sort),
    )


def columns(currency: str) -> tuple[tables.Column, ...]:
    """This will return the columns of the table; the heads of amounts say their currency."""
    return (
        tables.Column(_("Account"), Sort.NAME, "who"),
        tables.Column(_("Unit"), "", "unit-code"),
        tables.Column(_("Before, %(currency)s") % {"currency": currency}, Sort.BEFORE, "num", is_descending_first=True),
        tables.Column(_("Now, %(currency)s") % {"currency": currency}, Sort.TOTAL, "num", is_descending_first=True),
        tables.Column(_("Change"), Sort.CHANGE, "num", is_descending_first=True),
        tables.Column(_("Remarks")),
    )


def query(narrowing: Narrowing) -> dict[str, str]:
    """This will write a narrowing as the query that `read` reads."""
    sort = "" if narrowing.sort is Sort.GROUP else f"{'-' if narrowing.is_descending else ''}{narrowing.sort}"
    return {
        "show": "" if narrowing.show is Show.ALL else narrowing.show.value,
        "reason": narrowing.reason.value if narrowing.reason else "",
        "search": narrowing.search,
        "sort": sort,
    }


def chips(summary: billing_queries.Summary, narrowing: Narrowing) -> tuple[FilterChip, ...]:
    """This will offer the filters that find something, the reasons why accounts are held behind them."""
    asked = query(narrowing)
    states = [
        FilterChip(
            str(CAPTIONS[show]),
            tables.link(asked, show="" if show is Show.ALL else show.value, reason=""),
            tags.number(summary.counts[show]),
            show is narrowing.show and narrowing.reason is None,
        )
        for show in Show
        if summary.counts[show] or show in (Show.ALL, narrowing.show)
    ]
    reasons = [
        FilterChip(
            str(billing_values.HOLD_REASON_CAPTIONS[reason]),
            tables.link(asked, show=_show_of(reason).value, reason=reason.value),
            tags.number(count),
            reason is narrowing.reason,
        )
        for reason, count in summary.reasons.items()
        if len(summary.reasons) > 1 or reason is narrowing.reason
    ]
    return (*states, *reasons)


def _show_of(reason: billing_values.HoldReason) -> Show:
    return Show.UNUSUAL if reason in billing_values.LOOKS else Show.HELD


def groups(
    rows: Sequence[billing_queries.ComparedRow],
    narrowing: Narrowing,
    a_year_ago: Mapping[int, Money] | None = None,
) -> tuple[Group, ...]:
    """This will put rows under their captions, in the order in which they come.

    :param a_year_ago: what accounts were billed for the same days then
    """
    waiting = metering_queries.open_findings_by_code(codes=_stopped(rows))
    lines = [
        Line(
            each,
            change(each),
            _direction(each),
            _waits(each, waiting),
            _whys(each),
            (a_year_ago or {}).get(each.member.account_id),
            _is_waiting_for_readings(each),
            _is_estimable(each),
        )
        for each in rows
    ]
    if narrowing.sort is not Sort.GROUP:
        return (Group("sorted", "", "", tuple(lines)),) if lines else ()
    found = [
        Group(code, caption, remark, tuple(each for each in lines if _code(each.row) == code))
        for code, caption, remark in _captions()
    ]
    return tuple(each for each in found if each.lines)


def _stopped(rows: Sequence[billing_queries.ComparedRow]) -> set[str]:
    """The meter points whose intervals lack, or cannot be believed."""
    return {
        reason.meter_point for each in rows for reason in each.member.reasons if reason.code in SETTLED_AT_THE_METER
    }


def _waits(row: billing_queries.ComparedRow, waiting: Mapping[str, metering_queries.OpenFinding]) -> tuple[Waits, ...]:
    codes = dict.fromkeys(each.meter_point for each in row.member.reasons if each.code in SETTLED_AT_THE_METER)
    found = [waiting[code] for code in codes if code in waiting]
    return tuple(
        Waits(str(settling.TITLES[each.kind]), settling.words_of(each), each.point_public_id) for each in found
    )


def _whys(row: billing_queries.ComparedRow) -> tuple[Why, ...]:
    """The reasons in their order; what is the same at several meters comes once."""
    found: dict[tuple[str, str], list[billing_queries.Reason]] = {}
    for each in row.member.reasons:
        found.setdefault((each.code, each.detail), []).append(each)
    return tuple(Why(same[0], tuple(each.meter_point for each in same if each.meter_point)) for same in found.values())


def change(row: billing_queries.ComparedRow) -> str:
    """This will write by how much a bill differs from the one before, in percent: "+12.5 %"; empty without one."""
    return percent(row.before, row.member.total)


def percent(before: Money | None, now: Money | None) -> str:
    """This will write by how much an amount differs from one before, in percent; empty without one."""
    if before is None or now is None or not before:
        return ""
    permille = rounding.divide((now - before).minor * 1_000, abs(before).minor)
    sign = "+" if permille > 0 else ""
    return f"{sign}{tags.number(Decimal(permille) / 10, 1)}\u00a0%"


def matching(count: int) -> str:
    """This will write how many accounts a filter finds."""
    return ngettext("%(count)s account", "%(count)s accounts", count) % {"count": tags.number(count)}


def _direction(row: billing_queries.ComparedRow) -> str:
    difference = row.difference
    if not row.is_changed or difference is None:
        return ""
    return "up" if difference.amount > 0 else "down"


def _is_waiting_for_readings(row: billing_queries.ComparedRow) -> bool:
    reasons = {each.code for each in row.member.reasons} - {billing_values.HoldReason.POOL_METER}
    return row.member.state is MemberState.HELD and bool(reasons) and all(each in DATA_REASONS for each in reasons)


def _is_estimable(row: billing_queries.ComparedRow) -> bool:
    """Whether readings lack that an estimate can stand for: not where they are doubted, or worked on in this moment."""
    reasons = {each.code for each in row.member.reasons}
    return _is_waiting_for_readings(row) and not reasons.isdisjoint(keeping_calendars.ESTIMABLE)


def _code(row: billing_queries.ComparedRow) -> str:
    if row.member.state is MemberState.DRAFTED and row.member.reasons:
        return "unusual"
    if row.member.state is MemberState.DRAFTED:
        return "estimated" if row.member.is_estimated else "ready"
    return row.member.state.value.lower()


def _captions() -> tuple[tuple[str, str, str], ...]:
    return (
        ("held", _("Needs a decision"), _("no bill until it is decided")),
        ("unusual", _("Look at the use first"), _("far more, or less, than is usual or plausible")),
        ("estimated", _("Ready, estimated"), _("with a mark on the bill")),
        ("ready", _("Ready"), _("every check passed")),
        ("issued", pgettext("bills", "Issued"), _("numbered and posted")),
        ("excluded", _("Left out"), _("a later run of these days takes them")),
        ("collected", _("Being checked"), _("calculated in a moment")),
    )
