"""What if: what accounts would have paid by another tariff. Nothing changes by looking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.views.decorators.http import require_GET, require_POST

from meterbook.billing import permissions as billing_permissions
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import background, comparing, kept
from meterbook.customers import permissions as customer_permissions
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel import currency as currencies
from meterbook.metering.values import SERVICE_CAPTIONS
from meterbook.tariffs import permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, once, parameters, tables
from meterbook.web.sites import choice
from meterbook.web.tariffs import whatif_form, whatif_shown

SEE = billing_permissions.VIEW_BILL


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def what_if(request: access.Request) -> HttpResponse:
    """This will compare `?prices=` (a version, or "current") for `?site=&tariff=&accounts=&first_day=&final_day=`.

    `?show=LOSES` narrows the accounts, `?page=2` turns the page, `?format=csv` or `xlsx` gives a file.
    """
    data = request.GET if "prices" in request.GET else None
    return _answer(request, _form(request, data), request.GET)


@require_POST
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def try_file(request: access.Request) -> HttpResponse:
    """This will compare by the prices of a document that is sent and not kept: nothing changes by it."""
    data = request.POST.copy()
    data["prices"] = whatif_form.FILE
    if "file" in request.FILES or not data.get("document"):
        file = whatif_form.FileForm(request.POST, request.FILES)
        if not file.is_valid():
            return _page(request, _form(request, None), file=file)
        data["document"] = file.text
    return _answer(request, _form(request, data), data)


@require_POST
@access.page(permission=billing_permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
@once.carried_out_once
def start(request: access.Request) -> HttpResponse:
    """This will have a job compare what is too much to wait for; its page says how far it is."""
    form = _form(request, request.POST, billing_permissions.MANAGE_RUN)
    if not form.is_valid():
        return _page(request, form)
    permission = billing_permissions.MANAGE_RUN
    sites = {str(each.public_id): each.id for each in choice.visible_sites(request, permission)}
    with _said_beside(form):
        asked = form.asked(sites, request.access.sites(permission))
        made = background.start_what_if(
            actor=request.actor,
            at=request.at,
            asked=asked,
            document=form.raw,
            prices_text=_prices_name(form) if form.raw is not None else "",
        )
        return redirect("tariff_what_if_kept", request.organization.public_id, made.public_id)
    return _page(request, form)


def _prices_name(form: whatif_form.AskForm) -> str:
    return str(dict(form.fields["prices"].choices).get(form.cleaned_data["prices"], ""))  # type: ignore[attr-defined]


@contextmanager
def _said_beside(form: whatif_form.AskForm) -> Iterator[None]:
    """What is refused stands beside its field."""
    try:
        yield
    except comparing.VersionNotFound as error:
        form.add_error("prices", str(error))
    except asking.DaysInvalid as error:
        form.add_error("first_day", str(error))
    except asking.ScopeInvalid as error:
        form.add_error(error.field, str(error))
    except (asking.NobodyThere, background.TooManyAtWork) as error:
        form.add_error(None, str(error))
    except asking.TooMuchAtOnce as error:
        form.is_too_much = True
        form.add_error(None, str(error))


def _form(request: access.Request, data: object, permission: str = SEE) -> whatif_form.AskForm:
    may_see = request.access.allows_somewhere(permissions.VIEW_TARIFF)
    return whatif_form.AskForm(
        data,
        sites=choice.visible_sites(request, permission),
        versions=list(tariff_queries.version_names().values()) if may_see else [],
        initial=_initial(request),
    )


def _initial(request: access.Request) -> dict[str, str]:
    """Twelve months, the chosen site, and what a link to this page proposes."""
    found = whatif_form.usual(civil.local_date(request.at, choice.clock_zone(request)))
    site = choice.chosen_site(request)
    found |= {"site": "" if site is None else str(site.public_id)}
    return found | {name: request.GET[f"with_{name}"] for name in ("prices", "tariff") if f"with_{name}" in request.GET}


def _answer(request: access.Request, form: whatif_form.AskForm, given: Mapping[str, Any]) -> HttpResponse:
    if not form.is_bound or not form.is_valid():
        return _page(request, form)
    sites = {str(each.public_id): each.id for each in choice.visible_sites(request, SEE)}
    with _said_beside(form):
        asked = form.asked(sites, request.access.sites(SEE))
        return _told(request, form, given, comparing.compare(asked, now=request.at))
    return _page(request, form)


def _told(
    request: access.Request, form: whatif_form.AskForm, given: Mapping[str, Any], result: asking.Result
) -> HttpResponse:
    kind = given.get("format", "")
    if kind in (tables.CSV, tables.XLSX):
        rows = whatif_shown.narrowed(result, given.get("show", ""))
        return file(kind, rows, form.cleaned_data["first_day"], form.cleaned_data["final_day"])
    query = {key: str(value) for key, value in given.items() if key in form.fields and key != "document"}
    rows = whatif_shown.narrowed(result, given.get("show", ""))
    is_current = given["prices"] == whatif_form.CURRENT
    more = shown(result.totals, lambda part: rows[part], query, given, is_current=is_current)
    return _page(request, form, **more, prices_name=_prices_name(form), asked=list(query.items()))


def file(kind: str, rows: Iterable[asking.AccountResult], first: date, final: date) -> HttpResponse:
    """This will give accounts out as a file."""
    cells = whatif_shown.cells(rows, lambda day: formats.date_format(day, "SHORT_DATE_FORMAT"))
    return tables.file(kind, f"what-if-{first:%Y%m%d}-{final:%Y%m%d}", whatif_shown.CAPTIONS, cells)


def shown(
    result: asking.Totals,
    read: Callable[[slice], Iterable[asking.AccountResult]],
    query: Mapping[str, str],
    given: Mapping[str, Any],
    *,
    is_current: bool,
) -> dict[str, Any]:
    """This will return what the result's part of a page shows; `query` is carried on by its links.

    :param read: returns a part of the accounts that `given` asks to show
    """
    show = given.get("show", "")
    count = whatif_shown.count_of(result, show)
    number = min(_page_number(given), max(1, -(-count // tables.PAGE)))
    part = read(slice((number - 1) * tables.PAGE, number * tables.PAGE))
    asked = {**query, "show": show}
    several = not is_current and len(result.services) > 1
    return {
        "result": result,
        "show": show,
        "chips": [(each, tables.link(query, show=each.code)) for each in whatif_shown.chips(result, show)],
        "lines": whatif_shown.accounts(part, result.most),
        "months": whatif_shown.months(result),
        "price_lines": whatif_shown.prices(result),
        "several": [SERVICE_CAPTIONS[each] for each in result.services] if several else [],
        "untouched": result.untouched,
        "places": currencies.minor_units(result.currency),
        "pages": tables.pages(asked, number, count),
        "csv_href": tables.link(asked, format=tables.CSV),
        "xlsx_href": tables.link(asked, format=tables.XLSX),
    }


def _page_number(given: Mapping[str, Any]) -> int:
    text = str(given.get("page", "")).strip()
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= parameters.MOST_DIGITS else 1


def _page(request: access.Request, form: whatif_form.AskForm, **more: object) -> HttpResponse:
    file = more.pop("file", None)
    may_start = billing_permissions.MANAGE_RUN in request.permissions
    context = {
        "form": form,
        "is_file": form.is_bound and form.data.get("prices") == whatif_form.FILE,
        "document": form.data.get("document", "") if form.is_bound else "",
        "file_fields": [(name, form[name].value() or "") for name in form.fields if name not in ("prices", "document")],
        "file_form": file or whatif_form.FileForm(),
        "may_see_accounts": customer_permissions.VIEW_CUSTOMER in request.permissions,
        "now": request.at,
        "is_too_much": form.is_too_much,
        "may_start": may_start,
        "kept": kept.list_what_ifs(site_ids=request.access.sites(SEE), limit=20),
        **more,
    }
    wrong = bool(form.errors) or (isinstance(file, whatif_form.FileForm) and bool(file.errors))
    return render(request, "tariffs/whatif.html", context, status=422 if wrong else 200)
