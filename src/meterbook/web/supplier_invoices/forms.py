"""The form of a supplier's invoice: between what people write and "meterbook-supplier-invoice/1"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import invoice_words
from meterbook.billing.pools import invoices
from meterbook.billing.pools.definition import LineKind
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.web import amounts, parameters, typed

MOST, COUNT = invoices.MOST_LINES, "rows"
DAY = {"type": "date"}
SERVICES = [(each, SERVICE_CAPTIONS[Service(each)]) for each in invoices.SERVICES if each != "OTHER"]
LANDLORD = gettext_lazy("the landlord alone")
_PLACES = {"quantity": "quantity", "unit": "unit", "until_day": "last_day", "charged_days/until_day": "charged_last"}
_PLACES |= {"charged_days/first_day": "charged_first"}


class InvoiceForm(typed.Form):
    """What stands at the head of an invoice."""

    supplier = forms.CharField(label=gettext_lazy("Supplier"), max_length=200)
    number = typed.CodeField(label=gettext_lazy("Number of the invoice"), max_length=80)
    service = forms.ChoiceField(
        label=gettext_lazy("Service"), choices=[*SERVICES, ("OTHER", gettext_lazy("Something else"))]
    )
    first_day = parameters.DayField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs=DAY))
    last_day = parameters.DayField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs=DAY))
    quantity = amounts.NumberField(
        label=gettext_lazy("Consumption on the invoice"), places=6, least=Decimal(0), required=False
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit of the consumption"),
        required=False,
        choices=[
            ("", "–"),
            *((each, each) for each in ("kWh", "MWh", "m³", "gal", "ft³", "CCF", "therm (US)", "GJ", "BTU", "RTh")),
        ],
    )
    total = amounts.NumberField(
        label=gettext_lazy("Total of the invoice"),
        places=4,
        least=-(Decimal(10) ** 12),
        help_text=gettext_lazy("As printed; it must be the sum of the lines."),
    )
    charged_first = parameters.DayField(
        label=gettext_lazy("Divided with the bills from"),
        required=False,
        widget=forms.DateInput(attrs=DAY),
        help_text=gettext_lazy(
            "Where the supplier's period is not that of your bills. Empty: the days of the invoice."
        ),
    )
    charged_last = parameters.DayField(
        label=gettext_lazy("Divided with the bills to"), required=False, widget=forms.DateInput(attrs=DAY)
    )
    code = forms.CharField(
        label=gettext_lazy("Name in tariffs"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("By which tariffs find its average price; empty: utility."),
    )

    head = ("supplier", "number", "service", "first_day", "last_day")
    figures = ("quantity", "unit", "total", "charged_first", "charged_last", "code")

    def part(self, *names: str) -> list[forms.BoundField]:
        """This will return fields in order."""
        return [self[each] for each in names]

    def document(self, lines: list[dict[str, Any]], currency: str) -> dict[str, Any]:
        """This will write what was typed as a document."""
        given = self.cleaned_data
        made: dict[str, Any] = {
            "format": invoices.FORMAT,
            "supplier": given["supplier"],
            "number": given["number"],
            "service": given["service"],
            "first_day": given["first_day"].isoformat(),
            "until_day": _after(given["last_day"]),
            "currency": currency,
            "lines": lines,
            "total": f"{given['total']:f}",
        }
        if given["code"]:
            made["code"] = given["code"]
        if given["quantity"] is not None:
            made |= {"quantity": f"{given['quantity']:f}", "unit": given["unit"]}
        if given["charged_first"] or given["charged_last"]:
            first, last = (given["charged_first"] or given["first_day"], given["charged_last"] or given["last_day"])
            made["charged_days"] = {"first_day": first.isoformat(), "until_day": _after(last)}
        return made


class LineForm(typed.Form):
    """A line: what for, how much, and by which shared cost it is divided."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=[(each.value, invoice_words.LINE_KINDS[each]) for each in LineKind]
    )
    text = forms.CharField(label=gettext_lazy("Text"), max_length=200)
    quantity = amounts.NumberField(label=gettext_lazy("Quantity"), places=6, least=-(Decimal(10) ** 12), required=False)
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=20, required=False)
    price = amounts.NumberField(
        label=gettext_lazy("Price a unit"), places=8, least=-(Decimal(10) ** 12), required=False
    )
    amount = amounts.NumberField(label=gettext_lazy("Amount"), places=4, least=-(Decimal(10) ** 12))
    pool = forms.ChoiceField(label=gettext_lazy("Divided by"), required=False)

    def __init__(
        self,
        data: Any,  # noqa: ANN401
        *,
        number: int,
        pools: Sequence[tuple[str, str]],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=f"row-{number}", initial=dict(initial or {}))
        self.number = number
        self.fields["pool"].choices = [("", LANDLORD), *pools]  # type: ignore[attr-defined]

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written into the row but choices."""
        return not any(str(self[name].value() or "").strip() for name in ("text", "quantity", "price", "amount"))

    def line(self) -> dict[str, Any]:
        """This will write the row as a line of the document."""
        given = self.cleaned_data
        made = {"kind": given["kind"], "text": given["text"], "amount": f"{given['amount']:f}"}
        made |= {name: f"{given[name]:f}" for name in ("quantity", "price") if given[name] is not None}
        return made | {name: given[name] for name in ("unit", "pool") if given[name]}


@dataclass(frozen=True)
class Rows:
    """The rows of a form; `act` is what a button beside them asks for instead of saving."""

    forms: tuple[LineForm, ...]
    act: str = ""

    @property
    def written(self) -> list[LineForm]:
        """Those that are not blank."""
        return [each for each in self.forms if not each.is_blank]

    @property
    def are_valid(self) -> bool:
        """Whether every row that is not blank can be taken; each says what is wrong in it."""
        return not [each for each in self.written if not each.is_valid()]

    def lines(self) -> list[dict[str, Any]]:
        """This will return the lines in their order."""
        return [each.line() for each in self.written]


def say(form: InvoiceForm, rows: Rows, problems: Iterable[invoices.InvoiceProblem]) -> None:
    """This will say each fault beside what it came from."""
    for each in problems:
        words = invoice_words.fault(each)
        found = re.fullmatch(r"lines/(\d{1,4})/(\w+)", each.path)
        if found is not None and int(found[1]) < len(rows.written):
            row = rows.written[int(found[1])]
            row.add_error(found[2] if found[2] in row.fields else None, words)
            continue
        field = _PLACES.get(each.path, each.path)
        if each.path == "lines":
            words = _("An invoice needs at least one line.")
        form.add_error(field if field in form.fields else None, words)


def fresh(document: Mapping[str, Any], pools: Sequence[tuple[str, str]]) -> Rows:
    """This will fill rows with the lines of a document; three blank ones where there is none."""
    initial = [
        {
            **{name: each.get(name, "") for name in ("kind", "text", "pool")},
            "unit": invoice_words.unit(each.get("unit", "")),
            **{name: amounts.written(Decimal(each[name])) for name in ("quantity", "price", "amount") if name in each},
        }
        for each in document.get("lines", [])
    ] or [{"kind": kind} for kind in ("ENERGY", "FIXED", "TAX")]
    return Rows(tuple(LineForm(None, number=place, pools=pools, initial=each) for place, each in enumerate(initial)))


def read(data: Mapping[str, Any], pools: Sequence[tuple[str, str]]) -> Rows:
    """This will read the rows that were sent, and do what a button beside them says: nothing typed is lost."""
    text = str(data.get(COUNT, ""))
    count = min(int(text), MOST) if re.fullmatch(r"(?a:\d{1,4})", text) else 0
    act, _colon, which = str(data.get("do", "")).partition(":")
    if act not in ("add", "remove"):
        return Rows(tuple(LineForm(data, number=number, pools=pools) for number in range(count)))
    kept = [
        {name: data.get(f"row-{number}-{name}", "") for name in LineForm.base_fields}
        for number in range(count)
        if not (act == "remove" and which == str(number))
    ]
    if act == "add" or not kept:
        kept.append({})
    made = tuple(LineForm(None, number=place, pools=pools, initial=each) for place, each in enumerate(kept[:MOST]))
    return Rows(made, act)


def initial_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """This will return a document as the head of the form shows it."""
    charged = document.get("charged_days") or {}
    return {
        **{name: document.get(name, "") for name in ("supplier", "number", "service", "first_day", "code")},
        "last_day": _before(document["until_day"]),
        "charged_first": charged.get("first_day", ""),
        "charged_last": _before(charged["until_day"]) if charged else "",
        "quantity": amounts.written(Decimal(document["quantity"])) if document.get("quantity") else "",
        "unit": invoice_words.unit(document.get("unit", "")),
        "total": amounts.written(Decimal(document["total"])),
    }


class ReasonForm(typed.Form):
    """Why an invoice is corrected or withdrawn."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, help_text=gettext_lazy("It is kept with the version.")
    )


class BringForm(typed.Form):
    """A file with invoices."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, XLSX or JSON, at most 5 MB. All invoices of the file are entered, or none."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx,.json"}),
        max_length=300,
    )
    mark = forms.ChoiceField(
        label=gettext_lazy("Decimal mark of numbers that are text"),
        choices=[(".", "1234.50"), (",", "1234,50")],
    )


def _after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()


def _before(text: str) -> str:
    return (date.fromisoformat(text) - timedelta(days=1)).isoformat()
