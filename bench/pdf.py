"""Bills a second as PDF/A-3 on one core, each different, and signed; baseline: a page of one line, same compiler."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

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
            point = documents.electricity(quantity=3_298_800 + number)
            content = documents.bill_content(total=f"{number}.12", meter_points=[point, documents.water()])
            documents.bill_pdf(content, number=f"HR-{number:08}")
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
            pdf = documents.bill_pdf(number=f"HR-{next(numbers):08}")
            signing.sign(pdf, credential, reason="Bill issued", at=AT)
        return SIGNED

    signed()
    begin = time.process_time()
    per_cpu_second = round(signed() / (time.process_time() - begin), 1)
    pairs = measure.interleaved(line, signed)
    measure.report_pairs("pdf_signed", "bills/s", pairs, cores_used=1, pages=2, per_cpu_second=per_cpu_second)


if __name__ == "__main__":
    main()
