"""A chunk of accounts on its way: gathered, priced, and what comes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from meterbook.billing import content
from meterbook.billing.calculating import checking, facts, further, measured, rating, shared, usage

Remarks = dict[int, list[checking.Held]]


@dataclass(frozen=True)
class Outcome:
    """Contents of the accounts that can be billed with the digests of their inputs, and why the others are held.

    `remarks` are what of the contents should be looked at before they are approved.
    """

    contents: dict[int, content.Content]
    held: dict[int, list[checking.Held]]
    inputs: dict[int, str]
    remarks: Remarks


@dataclass(frozen=True)
class Gathered:
    """What accounts of a chunk are billed for: `pieces` of their time, and all that was measured in it.

    `held` are accounts that cannot be billed; nothing of these is among the pieces.
    """

    chunk: facts.Chunk
    borne: shared.Borne
    held: dict[int, list[checking.Held]]
    pieces: list[measured.Piece]
    loaded: dict[int, usage.Blocks]
    more: further.Further

    def of(self, pieces: list[measured.Piece]) -> Gathered:
        """This will return the same with some of its pieces."""
        return replace(self, pieces=pieces)

    def without(self, account_ids: Collection[int]) -> Gathered:
        """This will leave out the pieces of accounts."""
        return self.of([each for each in self.pieces if each.share.account_id not in account_ids])


@dataclass(frozen=True)
class Priced(Gathered):
    """What was gathered with the rating of each piece, by the id() of the piece; without those that none is for."""

    rated: rating.Found
