"""What is chosen to read a file; every choice that stays empty is guessed from it."""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.documents import uploads
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.metering.importing import targets
from meterbook.metering.importing.mapping import (
    DAY,
    GAPS_CAPTIONS,
    KIND_CAPTIONS,
    LABEL_CAPTIONS,
    MIDNIGHT_CAPTIONS,
    STEPS,
    Mapping,
)
from meterbook.metering.importing.problems import FileInvalid
from meterbook.sites import queries as site_queries
from meterbook.web import typed

LONGEST_REASON = 500
Choices = list[tuple[str, str | Promise]]
GUESS: tuple[str, Promise] = ("", _("as the file shows"))
_COUNTED = {
    Dimension.ENERGY,
    Dimension.REACTIVE_ENERGY,
    Dimension.VOLUME,
    Dimension.POWER,
    Dimension.APPARENT_POWER,
}


class UploadForm(typed.Form):
    """One file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, at most 20 MB. Nothing is stored before you have seen what it brings."),
        widget=forms.ClearableFileInput(attrs={"class": "input", "accept": ".csv,.txt,.xlsx"}),
        max_length=300,
    )

    file_name = ""

    def clean_file(self) -> bytes:
        """This will return the content of a file that is not too large."""
        given = self.cleaned_data["file"]
        self.file_name = str(given.name)
        content: bytes = given.read(uploads.MOST_BYTES + 1)
        try:
            uploads.require_table_name(self.file_name)
            uploads.require_table(content)
        except uploads.UploadRefused as error:
            raise forms.ValidationError(str(error)) from error
        return content


class MappingForm(typed.Form):
    """Where the values go and how the file is read."""

    point = forms.CharField(
        label=_("Meter point"), max_length=40, required=False, help_text=_("Its code, when all rows belong to one.")
    )
    point_column = forms.ChoiceField(label=_("Or a column of meter points"), required=False)
    new_meters_at = forms.ChoiceField(label=_("Meter points that are not there yet"), required=False)
    series = forms.ChoiceField(label=_("Quantity"))
    time_column = forms.ChoiceField(label=_("Times"), required=False)
    time_format = forms.CharField(
        label=_("Form of the times"),
        max_length=60,
        required=False,
        help_text=_("ISO for 2026-06-16 00:15, or a pattern such as %d/%m/%Y %H:%M."),
    )
    value_column = forms.ChoiceField(label=_("Values"), required=False)
    kind = forms.ChoiceField(label=_("The values are"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    decimal_separator = forms.ChoiceField(label=_("Sign before decimals"), required=False)
    step = forms.ChoiceField(label=_("Length of an interval"), required=False)
    label = forms.ChoiceField(label=_("A time names"), required=False)
    midnight = forms.ChoiceField(label=_("A row at 0:00 carries the date of"), required=False)
    zone = forms.CharField(
        label=_("Time zone of the file"), max_length=64, required=False, help_text=_("Empty: that of the site.")
    )
    gaps = forms.ChoiceField(label=_("When intervals are missing"))
    delimiter = forms.ChoiceField(label=_("Sign between cells"), required=False)
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)

    def __init__(
        self,
        data: object = None,
        *,
        shape: metering_operations.FileShape,
        sites: Iterable[site_queries.SiteRow],
        new_meters_at: uuid.UUID | None,
    ) -> None:
        initial = {name: str(value or "") for name, value in shape.mapping.plain().items()}
        super().__init__(data, initial={**initial, "new_meters_at": str(new_meters_at or "")})  # type: ignore[arg-type]
        self.sides = self._add_sides(shape)
        for name, choices in _choices(shape, sites).items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"
        if shape.sheets:
            del self.fields["delimiter"]
        else:
            del self.fields["sheet"]

    def _add_sides(self, shape: metering_operations.FileShape) -> tuple[str, ...]:
        """Fields for each column that may hold values: a meter point, and a quantity. Those of times are left out."""
        times = {*shape.mapping.time_column.split("+"), shape.mapping.point_column}
        chosen = {each.column: each for each in _targets(shape.mapping)}
        types: Choices = [(each.code, each.caption) for each in metering_values.series_types().values()]
        sides = tuple(name for name in shape.columns if name not in times)
        for place, name in enumerate(sides):
            target = chosen.get(name)
            self.fields[f"side_series_{place}"] = forms.ChoiceField(
                label=_("Quantity of %(column)s") % {"column": name},
                choices=[("", _("not imported")), *types],
                required=False,
                initial=target.series if target else "",
            )
            self.fields[f"side_point_{place}"] = forms.CharField(
                label=_("Meter point of %(column)s") % {"column": name},
                max_length=40,
                required=False,
                initial=target.point if target else "",
            )
        return sides

    def clean(self) -> dict[str, Any]:
        """This will refuse a column with a meter point and no quantity, and two columns of one register."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for place, _name in enumerate(self.sides):
            if given.get(f"side_point_{place}") and not given.get(f"side_series_{place}"):
                self.add_error(f"side_series_{place}", gettext("Choose what this column holds, or leave both empty."))
        if not self.errors:
            try:
                targets.read(self._columns())
            except FileInvalid as error:
                self.add_error(None, str(error))
        return given

    def plain_fields(self) -> list[forms.BoundField]:
        """This will return the fields about the file as a whole."""
        return [each for each in self if not each.name.startswith("side_")]

    def side_rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """This will return each column that may hold values, with its fields: the quantity and the meter point."""
        return [
            (name, self[f"side_series_{place}"], self[f"side_point_{place}"]) for place, name in enumerate(self.sides)
        ]

    @property
    def has_sides(self) -> bool:
        """Whether columns have meter points or quantities of their own."""
        return any(series.value() or point.value() for _name, series, point in self.side_rows())

    def _columns(self) -> str:
        given = self.cleaned_data
        return targets.written(
            targets.Target(name, given[f"side_point_{place}"].strip(), given[f"side_series_{place}"])
            for place, name in enumerate(self.sides)
            if given[f"side_series_{place}"]
        )

    def clean_zone(self) -> str:
        """This will return the name of a time zone, or nothing."""
        name: str = self.cleaned_data["zone"].strip()
        if name and name not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("This is not a time zone; take a name such as Europe/Madrid."))
        return name

    @property
    def mapping(self) -> Mapping:
        """The mapping that was chosen."""
        found: dict[str, object] = dict(self.cleaned_data)
        found["step"] = int(self.cleaned_data["step"] or 0)
        found["columns"] = self._columns()
        return Mapping.of(found)

    @property
    def site_of_new_meters(self) -> uuid.UUID | None:
        """The site at which meter points are made, if any."""
        chosen = self.cleaned_data["new_meters_at"]
        return uuid.UUID(chosen) if chosen else None


def _choices(shape: metering_operations.FileShape, sites: Iterable[site_queries.SiteRow]) -> dict[str, Choices]:
    columns: Choices = [(each, each) for each in shape.columns]
    times = list(columns)
    if "+" in shape.mapping.time_column:
        times.append((shape.mapping.time_column, shape.mapping.time_column))
    types = metering_values.series_types().values()
    steps: Choices = [(str(each), _("%(minutes)s min") % {"minutes": each}) for each in STEPS if each != DAY]
    return {
        "point_column": [("", _("none")), *columns],
        "new_meters_at": [("", _("are a mistake"))]
        + [(str(each.public_id), _("are made at %(site)s") % {"site": each.name}) for each in sites],
        "series": [(each.code, each.caption) for each in types],
        "time_column": [GUESS, *times],
        "value_column": [GUESS, *columns],
        "kind": [GUESS, *_captions(KIND_CAPTIONS)],
        "unit": [GUESS, *((each.value, each.symbol) for each in Unit if each.dimension in _COUNTED)],
        "decimal_separator": [GUESS, (".", _("point")), (",", _("comma"))],
        "step": [GUESS, *steps, (str(DAY), _("a day"))],
        "label": [GUESS, *_captions(LABEL_CAPTIONS)],
        "midnight": [GUESS, *_captions(MIDNIGHT_CAPTIONS)],
        "gaps": _captions(GAPS_CAPTIONS),
        "delimiter": [GUESS, (";", _("semicolon")), (",", _("comma")), ("\t", _("tabulator")), ("|", "|")],
        "sheet": [GUESS, *((each, each) for each in shape.sheets)],
    }


def _targets(mapping: Mapping) -> tuple[targets.Target, ...]:
    try:
        return targets.read(mapping.columns)
    except FileInvalid:
        return ()


def _captions(captions: AnyMapping[Any, Promise]) -> Choices:
    return [(str(code), caption) for code, caption in captions.items()]
