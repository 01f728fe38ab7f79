"""Choose the local product's ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.embedded import is_free
from sandbox.state import Trouble


@dataclass(frozen=True)
class Ports:
    """Where the API, the sandbox and the embedded AWS listen on loopback."""

    api: int = 8000
    sandbox: int = 8001
    aws: int = 4566

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Ports:
        """Return the ports that the environment asks for."""
        usual = cls()
        ports = cls(
            _port(environment, "API_PORT", usual.api),
            _port(environment, "SANDBOX_PORT", usual.sandbox),
            _port(environment, "AWS_PORT", usual.aws),
        )
        if len(set(ports.named().values())) < len(ports.named()):
            raise Trouble("API_PORT, SANDBOX_PORT and AWS_PORT must be three different ports.")
        return ports

    def named(self) -> dict[str, int]:
        """Return each port by the variable that chooses it."""
        return {"API_PORT": self.api, "SANDBOX_PORT": self.sandbox, "AWS_PORT": self.aws}

    def require_free(self, *variables: str) -> None:
        """Raise Trouble if something listens on one of these ports."""
        for variable in variables:
            port = self.named()[variable]
            if not is_free(port):
                raise Trouble(
                    f"Port {port} is taken, perhaps by another copy of this product: stop what "
                    f"uses it, or choose another port with {variable}."
                )


def _port(environment: Mapping[str, str], variable: str, usual: int) -> int:
    text = environment.get(variable) or str(usual)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise Trouble(f"{variable} must be a port from 1 to 65535, not {text!r}.")
    return int(text)
