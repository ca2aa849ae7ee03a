"""`python -m tools.check_data FOLDER`: exit status 1 when something forbidden is here or a fact differs."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.check_data import agreement, forbidden
from tools.lint.findings import ROOT


def main(arguments: list[str]) -> int:
    """This will run all comparisons with the folder, print what was compared and found, and return the exit status."""
    if len(arguments) != 1 or not arguments[0]:
        sys.stderr.write("Name the folder of reference data: make check-data MB_DATA=FOLDER\n")
        return 2
    folder = Path(arguments[0])
    try:
        marked = forbidden.forbidden_files(folder)
    except forbidden.SourcesUnreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    ours = forbidden.tree_files(ROOT)
    copied = forbidden.compare(marked, ours, ROOT)
    registers, registers_agreed = agreement.registers(ROOT, folder)
    shares, shares_agreed = agreement.shares(folder)
    report = (
        (copied, f"{len(ours)} files compared with {len(marked)} that must not be shipped"),
        (registers, f"{registers_agreed} registers of the library agree with meter_register_maps.json"),
        (shares, f"{shares_agreed} published allocations agree"),
    )
    for problems, what in report:
        for problem in problems:
            sys.stdout.write(f"{problem}\n")
        sys.stdout.write(f"check-data: {what}" + (f"; {len(problems)} problems\n" if problems else "\n"))
    return 1 if any(problems for problems, _what in report) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
