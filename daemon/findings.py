"""What was looked at or done, line by line: what it is, what is wrong with it, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.terminal import tell


@dataclass(frozen=True)
class Finding:
    """What was looked at and what it is; fault: what is wrong with it, if anything, and what mends it."""

    subject: str
    text: str
    fault: str = ""


def tell_all(findings: Iterable[Finding]) -> int:
    """Prints them as they come, each fault on a line of its own. Returns how many faults there are."""
    faults = 0
    for each in findings:
        tell(f"{'WRONG' if each.fault else 'ok':<6}{each.subject:<9} {each.text}")
        if each.fault:
            tell(f"{'':<15} {each.fault}")
            faults += 1
    return faults
