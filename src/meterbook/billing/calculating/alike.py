"""Accounts whose bills differ in names and numbers only: priced in columns and written into the form of one of them.

Most bills of a run are so: one meter point by one plain tariff, one meter with readings at both ends, all intervals
measured. The first of each form is built from its facts, as all others are; in every chunk one more is built, which
tells whether the form holds. Where it does not, all are built.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from meterbook.billing import content
from meterbook.billing.calculating import further, headings, measured, rating, usage, written
from meterbook.billing.calculating.registers import Stretch
from meterbook.billing.calculating.written import Candidate, Writer
from meterbook.billing.content import forms
from meterbook.tariffs.rating import fold

logger = logging.getLogger(__name__)

LEAST = 4  # of a form in a chunk: fewer are built as fast

Months = Callable[[measured.Piece, int], Sequence[content.Month]]
Build = Callable[[measured.Piece], content.Content | None]
Key = tuple[object, ...]


class Group(NamedTuple):
    """Candidates of one plan, priced in columns; `key` is what their plans have in common."""

    key: Key
    members: list[Candidate]
    writer: Writer


@dataclass
class Alike:
    """Writes bills of one run; `kept` are its forms, by what bills of a form have in common."""

    kept: dict[Key, forms.Form] = field(default_factory=dict)

    def contents(
        self, groups: Sequence[Group], heads: Mapping[int, headings.Head], build: Build
    ) -> dict[int, content.Content]:
        """This will return the contents of accounts, without those whose form does not hold.

        :param build: builds the content of one account from its facts
        """
        found: dict[int, content.Content] = {}
        for group in groups:
            by_form: dict[Key, list[int]] = defaultdict(list)
            for number, one in enumerate(group.members):
                heading = heads[one.piece.share.account_id].heading
                by_form[*group.key, group.writer.shape(number), *_common(one, heading)].append(number)
            for key, numbers in by_form.items():
                if len(numbers) >= LEAST:
                    found |= self._written(key, group, numbers, heads, build)
        return found

    def _written(
        self, key: Key, group: Group, numbers: Sequence[int], heads: Mapping[int, headings.Head], build: Build
    ) -> dict[int, content.Content]:
        first, final = (group.members[number] for number in (numbers[0], numbers[-1]))
        form = self.kept.get(key)
        if form is None:
            made = build(first.piece)
            if made is None:
                return {}
            places = group.writer.places(numbers[0], has_last_year=written.has_last_year(first.history))
            form = self.kept[key] = forms.Form(made.data, places)
        found = {}
        for number in numbers:
            one = group.members[number]
            account_id = one.piece.share.account_id
            found[account_id] = group.writer.content(number, one, heads[account_id], form)
        account_id = final.piece.share.account_id
        if found[account_id] != build(final.piece):
            logger.error("The form of the bill of account %s does not hold; all like it are built", account_id)
            del self.kept[key]
            return {}
        return found


def sort(
    pieces: Sequence[measured.Piece],
    loaded: Mapping[int, usage.Blocks],
    more: further.Further,
    used: measured.Used,
    plans: rating.Plans,
    months: Months,
) -> Iterator[Group]:
    """This will yield what can be written into forms, priced in columns.

    :param pieces: each all that its account is billed for
    :param months: says what an account used before, and in this period
    """
    alike: dict[Key, list[tuple[measured.Piece, Stretch]]] = defaultdict(list)
    for piece in pieces:
        stretch = _plain(piece, loaded, more, used)
        if stretch is not None:
            series, share = measured.series_of(piece), piece.share
            kind = series.unit, series.decimals, series.step, piece.point.service, share.contract_id is None
            alike[id(piece.version), id(piece.span), id(piece.point.zone), *kind].append((piece, stretch))
    for own in alike.values():
        if len(own) >= LEAST and (group := _priced(own, loaded, plans, months)) is not None:
            yield group


def _priced(
    own: Sequence[tuple[measured.Piece, Stretch]],
    loaded: Mapping[int, usage.Blocks],
    plans: rating.Plans,
    months: Months,
) -> Group | None:
    first = own[0][0]
    key, blocks = rating.key_of(first), loaded[measured.series_of(first).step]
    plan = plans(key, first)
    rows = [blocks.row_of[measured.series_of(piece).id] for piece, _stretch in own]
    matrix = blocks.values[rows, blocks.columns(plan.period)]
    table = fold.price_columns(plan, matrix, timedelta(minutes=blocks.step))
    if table is None:
        return None
    totals = matrix.sum(axis=1, dtype=np.int64).tolist()
    members = [
        Candidate(
            piece,
            stretch,
            measured.reference_of(blocks, measured.series_of(piece), piece.span.cut),
            months(piece, total),
        )
        for (piece, stretch), total in zip(own, totals, strict=True)
    ]
    share, said = first.share, first.tariff.said_of(first.version)
    writer = Writer(plan, table, totals, said, first.point.service.value)
    return Group((*key, first.tariff.id, first.point.service, share.contract_id is None), members, writer)


def _plain(
    piece: measured.Piece, loaded: Mapping[int, usage.Blocks], more: further.Further, used: measured.Used
) -> Stretch | None:
    """The only segment of a piece; None where there is more to its bill than names and numbers."""
    document, series = piece.version.document, measured.series_of(piece)
    if not document.is_plain or not more.of(piece.share).is_plain or rating.converts_gas(piece) or not piece.span.days:
        return None
    codes = loaded[series.step].codes(series.id, piece.span.cut)
    if (codes is not None and codes.any()) or used.estimates.by_series.get(series.id):
        return None
    if max(series.decimals, document.decimals) > forms.MOST_DECIMALS:
        return None
    return used.registers.stretch(series, piece.span.cut)


def _common(one: Candidate, heading: content.Heading) -> Key:
    """What is on a bill besides what a writer writes, where accounts of one plan differ."""
    piece, stretch = one.piece, one.stretch
    meter, previous, present = stretch.meter, stretch.previous, stretch.present
    return (
        (piece.point.language, heading.language, heading.customer["language"]),
        (meter.model, meter.register, meter.unit, meter.decimals, stretch.multiplier),
        (previous.at, previous.quality, previous.source),
        (present.at, present.quality, present.source),
        written.has_last_year(one.history),
    )
