"""What bills that are priced by other prices leave to those after them, instead of what the issued ones left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from meterbook.billing.calculating import chunks, earlier, facts
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.content import banked, settlements
from meterbook.kernel import civil

_Lines = dict[tuple[int, str], list[tuple[date, Mapping[str, Any]]]]


class Memory:
    """What earlier portions leave to later ones: ladders over the year, maxima, allowances, banks, by the same prices.

    Bills say what was before `first_day` (None: before each portion), as far as components have the same codes.
    """

    def __init__(self, first_day: date | None) -> None:
        self._first_day = first_day
        self._known: set[int] = set()
        self._lines: _Lines = defaultdict(list)

    def look_back(self, run: facts.Run, wanted: Sequence[Wanted]) -> earlier.Earlier:
        """This will return what accounts go on from; see `calculating.earlier.load`."""
        unknown = [each for each in wanted if each.share.account_id not in self._known]
        self._known |= {each.share.account_id for each in unknown}
        before = replace(run, first_day=min(run.first_day, self._first_day or run.first_day))
        for key, lines in earlier.load(before, unknown).lines.items():
            self._lines[key] = [*lines, *self._lines[key]]
        return earlier.Earlier(self._lines)

    def note(self, priced: chunks.Priced) -> None:
        """This will remember what was priced."""
        for piece in priced.pieces:
            if piece.version.document.is_plain:
                continue
            first = civil.local_date(piece.span.cut.start, piece.point.zone)
            lines = [
                (first, {"component": each.component, "unit": each.unit, "trace": each.trace})
                for each in priced.rated[id(piece)][1].lines
            ]
            self._lines[piece.share.account_id, str(piece.point.public_id)] += lines

    def settle(self, day: date, settled: Mapping[int, Sequence[settlements.Plain]]) -> None:
        """This will remember what bills settle of earlier ones in banks of energy fed in, by account."""
        for account_id, sections in settled.items():
            points = {each["meter_point"] for section in sections for each in section.get(banked.KEY, ())}
            for point in sorted(points):
                lines = banked.settled({settlements.KEY: sections}, point)
                self._lines[account_id, point] += [(day, each) for each in lines]

    def forget(self, account_ids: Collection[int]) -> None:
        """This will have bills say again what was before, because these were issued meanwhile."""
        self._known -= set(account_ids)
        for key in [each for each in self._lines if each[0] in account_ids]:
            del self._lines[key]
