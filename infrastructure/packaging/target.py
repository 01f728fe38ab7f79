"""What a package is made for, and the one error of making it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

VERSION: Final = (3, 12)
"""Lambda's Python that every function is declared with; bytecode and wheels are for it alone."""
RUNTIME: Final = f"python{VERSION[0]}.{VERSION[1]}"
BYTECODE_MAGIC: Final = (3531).to_bytes(2, "little") + b"\r\n"
"""How bytecode of that version begins; CPython 3.12 `Lib/importlib/_bootstrap_external.py`."""


class PackagingError(Exception):
    """Nothing was packaged; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A processor that Lambda offers."""

    name: str
    """As Lambda and Chalice call it."""
    machine: str
    """As wheels and the kernel call it."""
    elf: int
    """`e_machine` in the header of its native libraries; ELF specification."""

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return the wheel tags it runs, best first.

        Lambda's Python 3.12 is Amazon Linux 2023 with glibc 2.34; the lock's newest tag is 2.28.
        """
        return (f"manylinux_2_28_{self.machine}", f"manylinux2014_{self.machine}")


ARCHITECTURES: Final = {
    found.name: found
    for found in (Architecture("arm64", "aarch64", 183), Architecture("x86_64", "x86_64", 62))
}
