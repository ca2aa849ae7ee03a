"""The list of shared costs with what each did last, and one of them with its amounts and sheets."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions, pool_words
from meterbook.billing.pools.definition import Division, Leaving, LossPolicy, Rounding, Rule, Vacancy
from meterbook.billing.queries import pools as pool_queries
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.billing import shared_words as words
from meterbook.web.billing import words as bill_words
from meterbook.web.pools import amount_forms, finding, forms
from meterbook.web.sites import choice


@dataclass(frozen=True)
class Line:
    """A shared cost in the list, in words."""

    row: pool_queries.PoolRow
    kind: str
    source: str
    keys: str
    latest: str
    total: str


@dataclass(frozen=True)
class Sheet:
    """A sheet in a list."""

    row: pool_queries.SheetRow
    days: str
    total: str


@dataclass(frozen=True)
class Entry:
    """An amount in a list; `last_day` is included."""

    row: pool_queries.EntryRow
    kind: str
    days: str
    amount: str
    left: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def pools(request: access.Request) -> HttpResponse:
    """This will list the shared costs of the sites that the switch of the top bar shows."""
    found = pool_queries.list_pools(site_ids=choice.site_ids(request, permissions.VIEW_BILL))
    lines = [
        Line(
            row=each,
            kind=words.kind(each.definition.get("kind", "")),
            source=words.source(each.definition),
            keys=words.keys(each.definition),
            latest=words.days(each.latest.first_day, each.latest.until_day) if each.latest else "",
            total=bill_words.amount(str(each.latest.total), each.latest.currency)
            if each.latest and each.latest.total is not None
            else "",
        )
        for each in found
    ]
    may_manage = request.access.allows_somewhere(permissions.MANAGE_POOL)
    return render(request, "pools/list.html", {"lines": lines, "may_manage": may_manage})


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def pool(request: access.Request, pool: uuid.UUID) -> HttpResponse:
    """This will show a shared cost: what it is, what was entered for it, and what it did."""
    return show(request, finding.find_pool(request, pool, permissions.VIEW_BILL))


def show(
    request: access.Request,
    found: pool_queries.PoolRow,
    form: amount_forms.AmountForm | None = None,
    end: Any = None,  # noqa: ANN401
) -> HttpResponse:
    """This will show a shared cost with its forms; those that were sent tell what is wrong."""
    sheets = pool_queries.list_sheets(pool_id=found.id)
    entries = pool_queries.list_entries(pool_id=found.id)
    context = {
        "pool": found,
        "facts": facts(found),
        "sheets": [
            Sheet(
                each,
                words.days(each.first_day, each.until_day),
                bill_words.amount(str(each.total), each.currency) if each.total is not None else "",
            )
            for each in sheets
        ],
        "entries": [
            Entry(
                each,
                str(pool_words.LINE_KINDS.get(each.kind, each.kind)),
                words.days(each.first_day, each.until_day),
                bill_words.amount(str(each.amount), found.currency),
                bill_words.amount(str(each.landlord_amount), found.currency) if each.landlord_amount else "",
            )
            for each in entries
        ],
        "amount_form": form or amount_forms.AmountForm(None),
        "end_form": end or amount_forms.EndForm(None, initial={"ended_day": found.ended_day}),
        "may_manage": request.access.allows(permissions.MANAGE_POOL, found.site_id),
        "last_day": found.ended_day - timedelta(days=1) if found.ended_day else None,
    }
    is_wrong = bool((form and form.errors) or (end and end.errors))
    return render(request, "pools/pool.html", context, status=422 if is_wrong else 200)


def facts(found: pool_queries.PoolRow) -> list[tuple[str, str]]:
    """This will return a definition as pairs of a caption and words."""
    plain = found.definition
    said = [
        (_("What it is"), words.kind(plain.get("kind", ""))),
        (_("Where the cost comes from"), words.source(plain)),
        (_("Shared by"), words.keys(plain)),
        (
            _("Members"),
            _("%(count)s named") % {"count": len(plain["members"])} if plain.get("members") else _("all units"),
        ),
        (_("Empty units"), str(pool_words.VACANCIES[Vacancy(plain.get("vacancy", "LANDLORD"))])),
        (
            _("Later difference of who left"),
            str(pool_words.LEAVINGS[Leaving(plain.get("leaving", "FORMER_MEMBER"))]),
        ),
        (
            _("Leftovers of rounding"),
            str(pool_words.ROUNDINGS[Rounding(plain.get("rounding", "LARGEST_REMAINDER"))]),
        ),
        (_("Stage"), str(found.stage)),
    ]
    for language, text in plain.get("names", {}).items():
        said.append((str(forms.PoolForm.base_fields[f"name_{language}"].label), text))
    if plain.get("division"):
        said.append((_("Lines of the cost are divided"), str(pool_words.DIVISIONS[Division(plain["division"])])))
    if plain.get("rule"):
        said.append((_("Rule of law"), str(pool_words.RULES[Rule(plain["rule"])])))
    source = plain.get("source", {})
    if source.get("kind") == "LOSS":
        said.append((_("Who bears a loss"), str(pool_words.POLICIES[LossPolicy(source.get("policy") or "SHARED")])))
    if source.get("price"):
        said.append((_("Price a unit"), f"{bill_words.tidy(source['price'])} {found.currency}"))
    if source.get("never_above"):
        said.append((_("Limit"), str(pool_words.LINE_KINDS["CEILING"])))
    if plain.get("cap"):
        said.append((_("The most that a member bears"), f"{bill_words.tidy(plain['cap'])} {found.currency}"))
    if plain.get("tax"):
        percent = bill_words.tidy(f"{Decimal(plain['tax']['rate']) * 100:f}")
        said.append((_("Tax"), f"{plain['tax']['name']} {percent}\u00a0%"))
    return said
