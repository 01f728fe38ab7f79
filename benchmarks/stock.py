"""Serve our application with the server that ``chalice local`` has by itself.

The same routes on the same table, without our gateway: what ``python -m benchmarks`` compares with.
"""

from __future__ import annotations

import sys

from chalice.config import Config
from chalice.local import LocalDevServer

from app import app


def main(port: int) -> None:
    """Serve until this process is ended."""
    config = Config.create(chalice_app=app, project_dir=".")
    LocalDevServer(app, config, "127.0.0.1", port).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
