"""The places of a site as the editor shows them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from meterbook.kernel import order as natural
from meterbook.sites import queries as site_queries
from meterbook.sites import values

SHOWN_AT_ONCE = 60  # a site with at most so many places is shown whole


@dataclass(frozen=True)
class PlaceLine:
    """A place in the tree: `inside` counts all below it."""

    public_id: uuid.UUID
    name: str
    code: str
    kind: str
    inside: int
    is_chosen: bool
    is_open: bool
    parts: tuple[PlaceLine, ...]


def lines(nodes: Sequence[site_queries.NodeRow], chosen: uuid.UUID | None) -> tuple[PlaceLine, ...]:
    """This will lay out the places as a tree, open along the way to the chosen one."""
    children: dict[int | None, list[site_queries.NodeRow]] = defaultdict(list)
    for node in nodes:
        children[node.parent_id].append(node)
    by_id = {each.id: each for each in nodes}
    way: set[int] = set()
    here = next((each for each in nodes if each.public_id == chosen), None)
    while here is not None:
        way.add(here.id)
        here = by_id.get(here.parent_id) if here.parent_id is not None else None
    is_small = len(nodes) <= SHOWN_AT_ONCE

    def line(node: site_queries.NodeRow) -> PlaceLine:
        parts = tuple(line(each) for each in children[node.id])
        return PlaceLine(
            public_id=node.public_id,
            name=node.name,
            code=node.code,
            kind=str(values.NODE_KIND_CAPTIONS[node.kind]),
            inside=sum(1 + each.inside for each in parts),
            is_chosen=node.public_id == chosen,
            is_open=is_small or node.id in way,
            parts=parts,
        )

    return tuple(line(each) for each in children[None])


def larger(nodes: Sequence[site_queries.NodeRow], kind: values.NodeKind | None) -> list[tuple[str, str]]:
    """This will return places that may hold one of a kind (None: a meter), each with the way to it, to choose from."""
    order = list(values.NodeKind)
    by_id = {each.id: each for each in nodes}

    def way(node: site_queries.NodeRow) -> str:
        parts, here = [node.name], node
        while here.parent_id in by_id:
            here = by_id[here.parent_id]
            parts.append(here.name)
        return " / ".join(reversed(parts))

    fitting = [each for each in nodes if kind is None or order.index(each.kind) < order.index(kind)]
    return sorted(((str(each.public_id), way(each)) for each in fitting), key=lambda pair: natural.natural(pair[1]))


def smaller(kind: values.NodeKind | None) -> list[values.NodeKind]:
    """This will return the kinds that may lie in a place of a kind (None: at the top of the site)."""
    order = list(values.NodeKind)
    return order if kind is None else order[order.index(kind) + 1 :]
