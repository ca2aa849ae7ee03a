"""The workbook to fill in, and the present building in the same form: what is exported imports again unchanged."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from meterbook.journeys.building import book, model_names, present, sheets
from meterbook.journeys.building.book import Kinds
from meterbook.journeys.building.cells import Value
from meterbook.journeys.building.sheets import SHEET_CAPTIONS, Column, Holds, Sheet
from meterbook.kernel import order
from meterbook.sites import queries as site_queries
from meterbook.sites import values as site_values

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_LIST = 255  # characters of the choices of a cell, which spreadsheet programs allow
# What spreadsheet programs take for the beginning of a formula.
NEUTRAL = ("=", "+", "-", "@", "\t", "\r")
_MODELS = 4  # column of the sheet of notes
_HEAD, _NEEDED = PatternFill("solid", fgColor="E6EAF0"), Font(bold=True)


def template() -> bytes:
    """This will return an empty workbook (XLSX) in the active language: columns, notes, and choices to pick from."""
    return _workbook({each: [] for each in Sheet})


def export() -> bytes:
    """This will return all sites, open places and meter points of the scope's organization as a workbook (XLSX)."""
    known = present.load()
    places = [
        known.values_of_places[code]
        for code, node in sorted(known.places.items(), key=lambda pair: _of_place(*pair))
        if node.archived_at is None
    ]
    # A meter of an archived place is left out: a row without its place would move it.
    archived = {code for code, node in known.places.items() if node.archived_at is not None}
    points = [
        values
        for _code, values in sorted(known.values_of_points.items(), key=lambda pair: order.natural(pair[0]))
        if values["place"] not in archived
    ]
    sites = [values for _code, values in sorted(known.values_of_sites.items(), key=lambda p: order.natural(p[0]))]
    return _workbook({Sheet.SITES: sites, Sheet.PLACES: places, Sheet.POINTS: points})


def of_points(points: Sequence[present.Values]) -> bytes:
    """This will return a workbook (XLSX) that describes these meter points, and no site or place."""
    return _workbook({Sheet.SITES: [], Sheet.PLACES: [], Sheet.POINTS: points})


def _of_place(code: str, node: object) -> tuple[object, ...]:
    kinds = [each.value for each in site_values.NodeKind]
    return node.site_id, kinds.index(node.kind), order.natural(code)  # type: ignore[attr-defined]


def _workbook(rows: Mapping[Sheet, Sequence[present.Values]]) -> bytes:
    columns = sheets.columns_of(site_queries.list_fields())
    lines = [
        _("How to fill in this workbook"),
        _("Rows are found by their code: a code that is there already is changed, another one is made."),
        _("A column that you remove changes nothing; an empty cell empties what it is for."),
        _("Rows that are not in the workbook stay as they are. Nothing is ever deleted by it."),
        _("A place or meter point that lies elsewhere now is moved from today on; the past keeps the old place."),
        _("Columns with * are needed. Formulas are refused: paste values only."),
    ]
    made = compose(rows, columns, lines)
    _models(made[str(SHEET_CAPTIONS[Sheet.POINTS])], columns[Sheet.POINTS], made.worksheets[-1])
    return written(made)


def compose(
    rows: Mapping[Kinds, Sequence[present.Values]], columns: Mapping[Kinds, Sequence[Column]], lines: Sequence[str]
) -> Workbook:
    """This will make a workbook: a sheet for each kind, and one with notes for people.

    :param lines: what the notes begin with, the title first
    """
    made = Workbook()
    if made.active is not None:
        made.remove(made.active)
    for kind, listed in columns.items():
        page = made.create_sheet(str(kind.caption))
        _head(page, listed)
        for line, values in enumerate(rows[kind], book.HEADER + 1):
            for place, column in enumerate(listed, 1):
                _put(page.cell(line, place), column, values.get(column.key))
    _notes(made.create_sheet(_("Notes")), columns, lines)
    return made


def written(made: Workbook) -> bytes:
    """This will return a workbook as the bytes of its file."""
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _head(page: Worksheet, columns: Sequence[Column]) -> None:
    page.freeze_panes = "C2"
    for place, column in enumerate(columns, 1):
        cell = page.cell(book.HEADER, place)
        _write_text(cell, str(column.caption) + ("*" if column.is_required else ""))
        cell.font, cell.fill = Font(bold=True), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        letter = get_column_letter(place)
        page.column_dimensions[letter].width = column.width
        if column.holds in {Holds.TEXT, Holds.LINES, Holds.CUSTOM, Holds.RATIO}:
            # Else programs make numbers and dates of codes such as 007 and 1-2.
            page.column_dimensions[letter].number_format = "@"
        words = _help(column)
        if words:
            cell.comment = Comment(words, "Meterbook", width=280, height=110)
        choices = _choices(column)
        if choices:
            listed = DataValidation(type="list", formula1=f'"{choices}"', allow_blank=True, showErrorMessage=True)
            listed.error, listed.errorTitle = _("Take one of the list."), str(column.caption)[:30]
            listed.add(f"{letter}{book.HEADER + 1}:{letter}{book.MOST_ROWS}")
            page.add_data_validation(listed)


def _models(page: Worksheet, columns: Sequence[Column], notes: Worksheet) -> None:
    """The models to pick from, on the sheet of notes: they are too many for a list in the cell itself."""
    captions = [str(model_names.BY_HAND), *model_names.offered().values()]
    _write_text(notes.cell(1, _MODELS), _("Models of meters"))
    notes.cell(1, _MODELS).font = _NEEDED
    for line, caption in enumerate(captions, 2):
        _write_text(notes.cell(line, _MODELS), caption)
    source = get_column_letter(_MODELS)
    notes.column_dimensions[source].width = 36
    # A code is right as well, so that nothing else is refused here.
    listed = DataValidation(
        type="list", formula1=f"'{notes.title}'!${source}$2:${source}${len(captions) + 1}", showErrorMessage=False
    )
    place = next(place for place, column in enumerate(columns, 1) if column.key == "model")
    letter = get_column_letter(place)
    listed.add(f"{letter}{book.HEADER + 1}:{letter}{book.MOST_ROWS}")
    page.add_data_validation(listed)


def _choices(column: Column) -> str:
    captions = [str(each) for each in column.choices.values()]
    if column.declared is not None:
        captions = list(column.declared.choices)
    text = ",".join(captions)
    # A comma or quotation mark would end a choice; a longer list is refused by spreadsheet programs.
    return "" if len(text) > LONGEST_LIST or any("," in each or '"' in each for each in captions) else text


def _help(column: Column) -> str:
    words = str(column.help)
    if column.is_required:
        words = " ".join([_("Needed."), words]).strip()
    return words


def _notes(page: Worksheet, columns: Mapping[Kinds, Sequence[Column]], lines: Sequence[str]) -> None:
    """A sheet for people; importing does not look at it."""
    for line, words in enumerate(lines, 1):
        _write_text(page.cell(line, 1), words)
    page.cell(1, 1).font = _NEEDED
    line = len(lines) + 2
    for kind, listed in columns.items():
        _write_text(page.cell(line, 1), str(kind.caption))
        page.cell(line, 1).font = _NEEDED
        for column in listed:
            line += 1
            _write_text(page.cell(line, 1), str(column.caption))
            choices = ", ".join(str(each) for each in column.choices.values())
            _write_text(page.cell(line, 2), " ".join(each for each in (_help(column), choices) if each))
        line += 2
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 28, 110


def _put(cell: Cell | MergedCell, column: Column, value: Value) -> None:
    if value is None:
        return
    if column.holds is Holds.CHOICE:
        _write_text(cell, str(next(each for code, each in column.choices.items() if code == value)))
    elif isinstance(value, Fraction):
        _write_text(cell, str(value))
    elif isinstance(value, Decimal | int):
        cell.value = value
    elif isinstance(value, date):
        cell.value, cell.number_format = value, "yyyy-mm-dd"
    else:
        _write_text(cell, value)


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """As text whatever it looks like: a name that begins with “=” is no formula, here and after saving it again."""
    cell.value = text
    cell.data_type = "s"
    if text.startswith(NEUTRAL):
        cell.quotePrefix = True
