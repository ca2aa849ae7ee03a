"""Check a stored chain against itself and against its anchors, and name what does not fit.

What is compared: each entry with its seal (altered, removed), each seal with the one before (removed, reordered, sealed
again), the chain with the signed anchors of the table and of the file (cut off, rewritten), the table with the file.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from meterbook.audit import anchors, chain, models, queries
from meterbook.audit.values import Fault, Finding
from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries

CHUNK = 1000
# Enough to name what a person did by hand; beyond it the findings are listed without trying what fits where.
COMPARED = 200
FIRST_ACTION = "identity:create_organization"


@dataclass(frozen=True)
class Report:
    """What a check found. `waiting` entries are written but not sealed yet: nothing protects their absence."""

    organization: uuid.UUID
    sealed: int
    waiting: int
    digest: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Misfit:
    """A seal that does not fit its entry."""

    seal: models.AuditSeal
    entry: chain.Entry


@dataclass
class _Walk:
    """Where a check stands."""

    sequence: int
    digest: bytes
    anchored: dict[int, list[anchors.Anchor]]
    count: int = 0
    agreed: int = 0
    is_rewritten: bool = False
    findings: list[Finding] = field(default_factory=list)
    misfits: list[_Misfit] = field(default_factory=list)
    gaps: list[tuple[int, int, bytes, bytes]] = field(default_factory=list)

    def report(self, fault: Fault, sequence: int | None, message: str) -> None:
        self.findings.append(Finding(fault=fault, sequence=sequence, message=message))


def verify(*, organization_id: int) -> Report:
    """This will check the whole chain of one organization of the running scope, in bounded memory.

    :raises identity_queries.OrganizationNotFound: when the scope has no such organization
    """
    scoping.current()
    public_id = identity_queries.get_organization(organization_id=organization_id).public_id
    walk = _Walk(sequence=0, digest=chain.genesis(public_id), anchored={})
    notes = _collect_anchors(walk, organization_id, public_id)
    for seal, entry in _seals(organization_id):
        _check_seal(walk, seal, entry)
    _check_end(walk)
    _explain_misfits(walk)
    _explain_gaps(walk, organization_id)
    _check_waiting(walk, organization_id)
    _check_beginning(walk, organization_id)
    return Report(
        organization=public_id,
        sealed=walk.count,
        waiting=models.PendingSeal.objects.filter(organization_id=organization_id).count(),
        digest=walk.digest.hex(),
        findings=tuple(sorted(walk.findings, key=_place)),
        notes=tuple(notes),
    )


def _place(finding: Finding) -> tuple[bool, int, str]:
    """Along the chain; what has no place in it comes last."""
    return finding.sequence is None, finding.sequence or 0, finding.fault


def _collect_anchors(walk: _Walk, organization_id: int, public_id: uuid.UUID) -> list[str]:
    path = anchors.path_of(public_id)
    # The file first: its lines are written after the rows are committed, so that none can be missing among the rows.
    lines = list(anchors.read(public_id))
    rows = [
        anchors.Anchor(
            sequence=each.sequence,
            digest=bytes(each.digest),
            anchored_at=each.anchored_at,
            signature=each.signature,
        )
        for each in models.AuditAnchor.objects.filter(organization_id=organization_id).order_by("sequence", "id")
    ]
    for anchor in rows:
        _take_anchor(walk, public_id, anchor, _("in the database"))
    in_table = {(each.sequence, each.digest) for each in rows}
    for line in lines:
        if isinstance(line, anchors.BrokenLine):
            text = _("line %(line)s of %(path)s is not an anchor") % {"line": line.number, "path": path}
            walk.report(Fault.ANCHOR_FORGED, None, text)
        elif _take_anchor(walk, public_id, line, str(path)) and (line.sequence, line.digest) not in in_table:
            text = _("the anchor of entry %(n)s is in %(path)s but was taken out of the database")
            walk.report(Fault.ANCHOR_REMOVED, line.sequence, text % {"n": line.sequence, "path": path})
    if rows and not lines:
        text = _("No anchor file %(path)s: a chain shortened by the owner of the database would not be noticed.")
        return [text % {"path": path}]
    return []


def _take_anchor(walk: _Walk, public_id: uuid.UUID, anchor: anchors.Anchor, where: str) -> bool:
    if anchors.is_genuine(public_id, anchor):
        walk.anchored.setdefault(anchor.sequence, []).append(anchor)
        return True
    text = _("the anchor of entry %(n)s (%(where)s) was not signed by this installation")
    walk.report(Fault.ANCHOR_FORGED, anchor.sequence, text % {"n": anchor.sequence, "where": where})
    return False


def _seals(organization_id: int) -> Iterator[tuple[models.AuditSeal, chain.Entry | None]]:
    seals = models.AuditSeal.objects.filter(organization_id=organization_id).order_by("sequence")
    reached = 0
    while chunk := list(seals.filter(sequence__gt=reached)[:CHUNK]):
        entries = queries.chain_entries(organization_id=organization_id, ids=[each.entry_id for each in chunk])
        for seal in chunk:
            yield seal, entries.get(seal.entry_id)
        reached = chunk[-1].sequence


def _check_seal(walk: _Walk, seal: models.AuditSeal, entry: chain.Entry | None) -> None:
    previous, digest = bytes(seal.previous), bytes(seal.digest)
    walk.count += 1
    if seal.sequence > walk.sequence + 1:
        walk.gaps.append((walk.sequence + 1, seal.sequence - 1, walk.digest, previous))
    elif previous != walk.digest:
        text = _("entry %(n)s was sealed again: entry %(next)s does not follow from it")
        numbers = {"n": walk.sequence, "next": seal.sequence}
        walk.report(Fault.REWRITTEN, walk.sequence or seal.sequence, text % numbers)
    if entry is None:
        text = _("entry %(n)s (row %(row)s) was removed")
        walk.report(Fault.REMOVED, seal.sequence, text % {"n": seal.sequence, "row": seal.entry_id})
    elif chain.link_of_stored(previous, seal.sequence, entry) != digest:
        walk.misfits.append(_Misfit(seal=seal, entry=entry))
    _compare_with_anchors(walk, seal.sequence, digest)
    walk.sequence, walk.digest = seal.sequence, digest


def _compare_with_anchors(walk: _Walk, sequence: int, digest: bytes) -> None:
    """After the first difference everything differs, so only that one is told."""
    for anchor in walk.anchored.pop(sequence, []):
        if anchor.digest == digest:
            walk.agreed = sequence
        elif not walk.is_rewritten:
            walk.is_rewritten = True
            text = _("entries %(first)s to %(n)s were rewritten: the chain is not the one anchored at %(at)s")
            at = f"{anchor.anchored_at:%Y-%m-%d %H:%M:%S} UTC"
            walk.report(Fault.REWRITTEN, sequence, text % {"first": walk.agreed + 1, "n": sequence, "at": at})


def _check_end(walk: _Walk) -> None:
    """Anchors that met no seal lie in a gap, or beyond the end."""
    beyond = [sequence for sequence in walk.anchored if sequence > walk.sequence]
    if beyond:
        text = _("the chain was cut off: it ends with entry %(n)s, but entry %(last)s was anchored")
        walk.report(Fault.CUT_OFF, walk.sequence + 1, text % {"n": walk.sequence, "last": max(beyond)})


def _check_beginning(walk: _Walk, organization_id: int) -> None:
    """Where entries, seals and anchors are gone altogether nothing contradicts; but every trail begins alike."""
    entries = models.AuditEntry.objects.filter(organization_id=organization_id, action=FIRST_ACTION)
    if not walk.findings and not entries.exists():
        text = _("the entry of the organization's creation, with which every trail begins, is not there")
        walk.report(Fault.EMPTIED, None, text)


def _explain_misfits(walk: _Walk) -> None:
    few = walk.misfits[:COMPARED]
    for misfit in walk.misfits:
        seal = misfit.seal
        other = next((each for each in few if each is not misfit and _is_moved(seal, misfit, each)), None)
        if other is not None:
            text = _("entries %(n)s and %(other)s were exchanged or moved")
            walk.report(Fault.REORDERED, seal.sequence, text % {"n": seal.sequence, "other": other.seal.sequence})
        else:
            text = _("entry %(n)s (row %(row)s, %(action)s) was altered")
            numbers = {"n": seal.sequence, "row": seal.entry_id, "action": misfit.entry.action}
            walk.report(Fault.ALTERED, seal.sequence, text % numbers)


def _check_waiting(walk: _Walk, organization_id: int) -> None:
    """The oldest that wait: what was changed so that it cannot be sealed stays behind, as does what was taken away."""
    waiting = models.PendingSeal.objects.filter(organization_id=organization_id).order_by("entry_id")
    ids = list(waiting.values_list("entry_id", flat=True)[:COMPARED])
    entries = queries.chain_entries(organization_id=organization_id, ids=ids)
    for row in ids:
        entry = entries.get(row)
        if entry is None:
            text = _("an entry (row %(row)s) was removed before it was sealed")
            walk.report(Fault.REMOVED, None, text % {"row": row})
        elif chain.link_of_stored(b"", 0, entry) is None:
            text = _("an entry (row %(row)s, %(action)s) was altered before it was sealed")
            walk.report(Fault.ALTERED, None, text % {"row": row, "action": entry.action})


def _is_moved(seal: models.AuditSeal, misfit: _Misfit, other: _Misfit) -> bool:
    previous, digest = bytes(seal.previous), bytes(seal.digest)
    return digest in (
        chain.link_of_stored(previous, seal.sequence, other.entry),
        chain.link_of_stored(previous, other.seal.sequence, misfit.entry),
    )


def _explain_gaps(walk: _Walk, organization_id: int) -> None:
    loose = queries.unsealed_entries(organization_id=organization_id, limit=COMPARED)
    for first, last, before, after in walk.gaps:
        refound = None
        if first == last:
            refound = next((each for each in loose if chain.link_of_stored(before, first, each) == after), None)
        if refound is not None:
            loose.remove(refound)
            text = _("the seal of entry %(n)s was removed; the entry itself (row %(row)s) is unharmed")
            walk.report(Fault.SEAL_REMOVED, first, text % {"n": first, "row": refound.id})
        elif first == last:
            walk.report(Fault.REMOVED, first, _("entry %(n)s was removed, with its seal") % {"n": first})
        else:
            text = _("entries %(first)s to %(last)s were removed, with their seals")
            walk.report(Fault.REMOVED, first, text % {"first": first, "last": last})
    for entry in loose:
        text = _("an entry (row %(row)s, %(action)s) stands outside the chain: it was cut out of it or slipped in")
        walk.report(Fault.NOT_SEALED, None, text % {"row": entry.id, "action": entry.action})
