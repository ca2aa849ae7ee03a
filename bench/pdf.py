"""Bills a second as PDF/A-3 on one core, and signed; baseline: a page of one line, same compiler.

The compiler takes from its memory what it has set before, so no two bills here share a figure, a name or a month: what
they share is what bills of one operator do share, words and place.
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst

from bench import measure
from meterbook.documents import signing
from meterbook.documents.rendering import compiler
from tests.factories import documents

BILLS, SIGNED = 100, 50
AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
LINE = """
#set document(title: "Line", date: datetime(year: 2026, month: 11, day: 3))
#set text(font: "Inter")
#sys.inputs.text
"""


def main() -> None:
    """This will render 100 bills of two pages, again and again, pinned to one core before its threads start."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(compiler.FONTS)])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "line.typ"
        file.write_text(LINE, encoding="utf-8")
        _measure(typst.Compiler(str(file), root=folder, font_paths=fonts))


def _measure(plain: typst.Compiler) -> None:
    numbers = iter(range(10_000_000))

    def ours() -> int:
        for _ in range(BILLS):
            number = next(numbers)
            documents.bill_pdf(_content(number), number=f"HR-{number:08}")
        return BILLS

    def line() -> int:
        for _ in range(BILLS):
            text = {"text": f"Bill {next(numbers)}"}
            plain.compile(sys_inputs=text, format="pdf", pdf_standards=[*compiler.STANDARD], timestamp=0)
        return BILLS

    ours()
    begin = time.process_time()
    per_cpu_second = round(ours() / (time.process_time() - begin), 1)
    pairs = measure.interleaved(line, ours)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    measure.report_pairs("pdf", "bills/s", pairs, cores_used=1, pages=2, peak_mib=peak, per_cpu_second=per_cpu_second)
    credential = signing.make_self_signed("Bench", at=AT)

    def signed() -> int:
        for _ in range(SIGNED):
            number = next(numbers)
            pdf = documents.bill_pdf(_content(number), number=f"HR-{number:08}")
            signing.sign(pdf, credential, reason="Bill issued", at=AT)
        return SIGNED

    signed()
    begin = time.process_time()
    per_cpu_second = round(signed() / (time.process_time() - begin), 1)
    pairs = measure.interleaved(line, signed)
    measure.report_pairs("pdf_signed", "bills/s", pairs, cores_used=1, pages=2, per_cpu_second=per_cpu_second)


def _content(number: int) -> dict[str, Any]:
    """A bill of two pages with figures, names and months of its own."""
    drawn = random.Random(number)  # noqa: S311 - figures to print
    points = [documents.electricity(), documents.water()]
    for point in points:
        most = 2 * int(point["quantity"])
        point["name"] = point["unit_name"] = f"{drawn.choice('ABCDEFG')}-{drawn.randint(1, 999)}"
        point["quantity"] = drawn.randint(most // 4, most)
        point["daily_average"] = _decimal(drawn, 200_000, 3)
        point["history"] = documents.history([None, *(drawn.randint(most // 4, most) for _ in range(11))])
        (part,) = point["segments"]
        first, difference = drawn.randint(1000, 900_000), drawn.randint(100, 9000)
        part |= {
            "serial": f"M-{drawn.randint(10_000, 99_999)}",
            "difference": difference,
            "quantity": point["quantity"],
        }
        part["previous"] = {**part["previous"], "value": first}
        part["present"] = {**part["present"], "value": first + difference}
        (charge,) = point["charges"]
        for each in charge["lines"]:
            each |= {"quantity": _decimal(drawn, 2_000_000, 3), "amount": _decimal(drawn, 90_000, 2)}
        for each in charge["periods"]:
            each |= {"quantity": _decimal(drawn, 2_000_000, 3), "intervals": drawn.randint(500, 1500)}
        charge["net"] = _decimal(drawn, 90_000, 2)
    customer = {
        "code": f"C-{number}",
        "name": f"{drawn.choice(('Calder', 'Quist', 'Tanaka'))} {drawn.choice(('Bakery', 'Books'))} {number} LLC",
        "tax_number": f"{drawn.randint(10, 99)}-{drawn.randint(1_000_000, 9_999_999)}",
        "address": f"{drawn.randint(1, 900)} Harbor Row, Unit {points[0]['name']}\nBaltimore, MD 21230",
        "language": "en",
    }
    net, tax = _decimal(drawn, 200_000, 2), _decimal(drawn, 9000, 2)
    return documents.bill_content(
        account={"public_id": "a", "number": f"A-{number}", "is_landlord": False},
        customer=customer,
        meter_points=points,
        net=net,
        tax=tax,
        total=_decimal(drawn, 220_000, 2),
        taxes=[documents.tax("Sales tax", "Impuesto sobre ventas", "0.06", net, tax)],
        inputs_digest=hashlib.sha256(str(number).encode()).hexdigest(),
    )


def _decimal(drawn: random.Random, most: int, places: int) -> str:
    """Decimal text of up to `most` units of the last place."""
    return str(Decimal(drawn.randint(most // 20, most)).scaleb(-places))


if __name__ == "__main__":
    main()
