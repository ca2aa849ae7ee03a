"""Check and draft the chunks of a run: whoever comes first takes one. No numbers, and only a shared lock."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

import orjson
import psycopg
from django.db import DatabaseError, connection, transaction

from meterbook.billing import models, values
from meterbook.billing.calculating import checking, chunks, drafting, facts
from meterbook.billing.operations import chunk_queue, truing_up
from meterbook.billing.values import HoldReason
from meterbook.foundation import many

logger = logging.getLogger(__name__)

# What a crash of the server loses of a chunk is drafted again; its drafts fit into memory on their way into the table.
SETTINGS = f"SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '{values.MOST_ACCOUNTS_A_CHUNK * 32}kB'"
INSERT = b"""
INSERT INTO billing_billdraft (organization_id, public_id, run_id, account_id, position, content, digest,
    inputs_digest, postings, currency, net, total, is_estimated, is_apportioned,
    is_vacancy, nets, inputs_stamp)
SELECT %s, d.public_id, %s, d.account_id, d.position, d.content, d.digest, d.inputs_digest, d.postings, d.currency,
    d.net, d.total, d.is_estimated, d.is_apportioned, d.is_vacancy, d.nets, d.inputs_stamp
FROM unnest(%s::uuid[], %s::bigint[], %s::int[], %b::bytea[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::numeric[], %s::numeric[], %s::boolean[], %s::boolean[], %s::boolean[], %s::jsonb[], %s::text[])
    AS d (public_id, account_id, position, content, digest, inputs_digest, postings, currency, net, total,
    is_estimated, is_apportioned, is_vacancy, nets, inputs_stamp)
"""

Calculators = dict[int, drafting.Calculator]


def draft_next(run: models.BillRun, calculators: Calculators) -> bool:
    """This will check and draft one chunk that nobody else works on; False when there is none left to take.

    Then it keeps no lock: two that kept their shared one would both wait for the other to let them move the run on.
    """
    with transaction.atomic():
        chunk = chunk_queue.take(run, values.RunState.VALIDATING)
        if chunk is None:
            transaction.set_rollback(True)
            return False
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS)
        with many.without_collector():
            _draft(run, chunk.number, _calculator(run, calculators))
        chunk.is_done = True
        chunk.save(update_fields=["is_done"])
        return True


def _calculator(run: models.BillRun, calculators: Calculators) -> drafting.Calculator:
    found = calculators.get(run.pk)
    if found is None:
        found = calculators[run.pk] = drafting.Calculator(facts.run_of(run))
    return found


def _draft(run: models.BillRun, number: int, calculator: drafting.Calculator) -> None:
    members = models.RunMember.objects.filter(
        organization_id=run.organization_id, run=run, chunk=number, state=values.MemberState.COLLECTED
    )
    position_of = dict(members.order_by("position").values_list("account_id", "position"))
    if not position_of:
        return
    outcome, settled = truing_up.settled(run, _calculate(run, calculator, list(position_of)))
    insert(calculator.run, position_of, outcome)
    truing_up.record(run, settled)
    own = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
    own.filter(many.among("account_id", outcome.contents)).update(state=values.MemberState.DRAFTED, reasons=[])
    for account_id, reasons in outcome.held.items():
        own.filter(account_id=account_id).update(state=values.MemberState.HELD, reasons=_once(reasons))
    for account_id, reasons in outcome.remarks.items():
        own.filter(account_id=account_id).update(reasons=_once(reasons))


def _calculate(run: models.BillRun, calculator: drafting.Calculator, account_ids: list[int]) -> chunks.Outcome:
    """Where the calculation of an account fails for a reason that nobody foresaw, that account alone is held.

    Faults of the database are not of an account: the chunk is taken again.
    """
    try:
        return calculator.calculate(account_ids)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("The chunk of run %s with account %s is calculated one by one", run.pk, account_ids[0])
    found = chunks.Outcome({}, {}, {}, {})
    for account_id in account_ids:
        try:
            own = calculator.calculate([account_id])
        except DatabaseError:
            raise
        except Exception:
            logger.exception("Account %s of run %s cannot be calculated", account_id, run.pk)
            found.held[account_id] = [checking.hold(HoldReason.FAULT)]
            continue
        for name in ("contents", "held", "inputs", "remarks"):
            getattr(found, name).update(getattr(own, name))
    return found


def _once(reasons: Sequence[checking.Held]) -> list[checking.Held]:
    """A contract over two tariff versions names the same trouble twice."""
    return [each for place, each in enumerate(reasons) if each not in reasons[:place]]


def insert(run: facts.Run, position_of: dict[int, int], outcome: chunks.Outcome) -> None:
    """This will store drafts in one statement, under row security."""
    contents = outcome.contents
    if not contents:
        return
    made = list(contents.values())
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            INSERT,
            (
                run.organization_id,
                run.id,
                many.array(public_id(run, account_id) for account_id in contents),
                many.array(contents),
                many.array(position_of[account_id] for account_id in contents),
                [each.data for each in made],
                many.array(each.digest for each in made),
                many.array(each.inputs_digest for each in made),
                many.texts(orjson.dumps(each.postings).decode() for each in made),
                many.array(each.currency for each in made),
                many.array(each.net for each in made),
                many.array(each.total for each in made),
                many.array(each.is_estimated for each in made),
                many.array(each.is_apportioned for each in made),
                many.array(each.is_vacancy for each in made),
                many.texts(orjson.dumps({code: str(net) for code, net in each.nets}).decode() for each in made),
                many.array(outcome.inputs[account_id] for account_id in contents),
            ),
        )


def public_id(run: facts.Run, account_id: int) -> str:
    """This will return the public id of an account's bill in a run: the same whenever it is drafted again.

    As `uuid.uuid5` does, in hexadecimal and in a fifth of the time.

    Nobody can guess it without the run's, which is random.
    """
    digest = bytearray(hashlib.sha1(run.public_id.bytes + b"%d" % account_id, usedforsecurity=False).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x50, digest[8] & 0x3F | 0x80
    return digest.hex()
