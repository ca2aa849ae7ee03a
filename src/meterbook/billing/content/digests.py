"""Canonical JSON, digests and codes."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date

import orjson

CODE_GROUPS, CODE_GROUP = 3, 4
INCOME, TAX, RECOVERY = "INC", "TAX", "REC"
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def canonical(content: object) -> bytes:
    """This will return canonical JSON: sorted keys, no spaces, UTF-8.

    orjson writes the same bytes in a tenth of the time, but knows neither integers beyond 64 bits nor keys that are
    no texts: these are written by the standard library.
    """
    try:
        return orjson.dumps(content, option=_SORTED)
    except orjson.JSONEncodeError:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    """This will return a SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def issue_digest(*, content_digest: str, number: str, bill_date: date, due_date: date) -> str:
    """This will return the SHA-256 of an issued bill in hexadecimal: of its content, number and dates as JSON."""
    dated = f'{{"bill_date":"{bill_date}","content":"{content_digest}","due_date":"{due_date}","number":'
    return hashlib.sha256(b"%b%b}" % (dated.encode(), canonical(number))).hexdigest()


def verification_code(digest: str) -> str:
    """This will return the short code of a digest in hexadecimal, such as DMWD-DIBA-NRBP (60 bits)."""
    letters = base64.b32encode(bytes.fromhex(digest)).decode()
    return "-".join(letters[start : start + CODE_GROUP] for start in range(0, CODE_GROUPS * CODE_GROUP, CODE_GROUP))


def income_code(currency: str, service: str, component: str) -> str:
    """This will return the ledger code of an income: INC-EUR-ELECTRICITY-energy."""
    return f"{INCOME}-{currency}-{service}-{component}"


def recovery_code(currency: str, service: str) -> str:
    """This will return the ledger code against which cost centers are charged: REC-EUR-ELECTRICITY."""
    return f"{RECOVERY}-{currency}-{service}"


def credit_code(currency: str, service: str, component: str, *, is_internal: bool) -> str:
    """This will return the ledger code that a line is credited to: income, or for a cost center recovery."""
    return recovery_code(currency, service) if is_internal else income_code(currency, service, component)


def tax_code(currency: str, tax: str) -> str:
    """This will return the ledger code of a tax: TAX-EUR-vat."""
    return f"{TAX}-{currency}-{tax}"


def parts_of_code(code: str) -> tuple[str, ...]:
    """This will take a ledger code of an income, a tax or a recovery apart; any other code is its only part.

    ("INC", "EUR", "ELECTRICITY", "energy"), ("TAX", "EUR", "vat") and ("REC", "EUR", "ELECTRICITY");
    what stands in the final part may hold hyphens.
    """
    kind = code.partition("-")[0]
    parts = tuple(code.split("-", {INCOME: 3, TAX: 2, RECOVERY: 2}.get(kind, 0)))
    return parts if len(parts) == {INCOME: 4, TAX: 3, RECOVERY: 3}.get(kind) else (code,)
