"""Run the project's own checks: `python -m tools.lint [NAME...]`; exit status 1 when a rule is broken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tools.lint import all_organizations, clock_in_domain, float_money, size_ratchet, string_fk, tenant_scope
from tools.lint.findings import ROOT, Finding

CHECKS: dict[str, Callable[[Path], list[Finding]]] = {
    "tenant_scope": tenant_scope.run,
    "float_money": float_money.run,
    "clock_in_domain": clock_in_domain.run,
    "string_fk": string_fk.run,
    "all_organizations": all_organizations.run,
    "size_ratchet": size_ratchet.run,
}


def main(names: list[str]) -> int:
    """This will run the named checks, or all, print a line for each broken rule, and return the exit status."""
    count = 0
    for name in names or CHECKS:
        findings = CHECKS[name](ROOT)
        count += len(findings)
        for finding in sorted(findings):
            sys.stdout.write(f"{finding} [{name}]\n")
    sys.stdout.write(f"tools/lint: {count} findings\n" if count else "tools/lint: all rules kept\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
