"""What plain ``cdk`` runs (cdk.json): stage, settings and package come as ``-c name=value``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from infrastructure import node
from infrastructure.bundle import PACKAGE, Bundle, NotPackaged, UnknownResource
from infrastructure.stages import Stage, UnknownStage


def main() -> None:
    """Synthesise to where the CDK's command line wants it."""
    node.provide()
    from infrastructure.application import synthesise

    context = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    chosen = {name: value for name, value in context.items() if name in Stage.model_fields}
    try:
        stage = Stage.read(context.get("stage", "prod"), chosen)
        bundle = Bundle.read(Path(context.get("package", PACKAGE)))
        synthesise(stage, bundle, os.environ.get("CDK_OUTDIR", "cdk.out"))
    except (NotPackaged, UnknownResource, UnknownStage) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
