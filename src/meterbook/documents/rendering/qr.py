"""QR codes of documents: where a document is checked, and how it is paid (EPC069-12 for transfers in euro)."""

from __future__ import annotations

from decimal import Decimal

import qrcode

MASK = 3  # any mask can be read; trying all of them takes five times as long
VERSION, COUNT, ENCODING, TRANSFER = "002", "1", "BCD", "SCT"
NAME_LENGTH, TEXT_LENGTH = 70, 140
MOST_EURO = Decimal("999999999.99")


def drawn(text: str) -> str:
    """This will draw a code (ISO/IEC 18004, error correction M) as SVG without a size of its own, one unit a module."""
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    made.add_data(text)
    made.make()
    path = "".join(_row(number, row) for number, row in enumerate(made.modules))
    side = len(made.modules)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path d="{path}"/></svg>'


def transfer(*, payee: str, iban: str, bic: str, amount: str, reference: str) -> str | None:
    """This will return what a bank's app reads for a SEPA transfer; None where the amount is not payable by it.

    :param amount: decimal text in euro
    """
    if not Decimal("0.01") <= Decimal(amount) <= MOST_EURO:
        return None
    text = _short(reference, TEXT_LENGTH)
    lines = (ENCODING, VERSION, COUNT, TRANSFER, bic, _short(payee, NAME_LENGTH), iban, f"EUR{amount}", "", "", text)
    return "\n".join(lines)


def _short(text: str, most: int) -> str:
    return " ".join(text.split())[:most]


def _row(number: int, row: list[bool | None]) -> str:
    """Neighbors in a row are drawn as one."""
    parts, start = [], None
    for place, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = place
        elif not is_dark and start is not None:
            parts.append(f"M{start} {number}h{place - start}v1h-{place - start}z")
            start = None
    return "".join(parts)
