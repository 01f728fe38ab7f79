"""Run MiniStack and write down each decision about what a role may do: a line of JSON for each.

``python witness.py FILE``. It runs in the emulated AWS's own environment, so it imports nothing
of ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ministack.app import main
from ministack.core import iam_evaluator


def witness(file: Path) -> None:
    """Let `file` know of every decision from now on."""
    decide = iam_evaluator.evaluate

    def evaluate(context: Any, *policies: Any) -> Any:
        result = decide(context, *policies)
        _, _, role = context.principal_arn.partition(":assumed-role/")
        decision = {
            "role": role.partition("/")[0],
            "action": context.action,
            "resource": context.resource_arn,
            "statement": result.matched_sid,
            "decision": result.decision,
        }
        with file.open("a", encoding="utf-8") as written:
            written.write(json.dumps(decision) + "\n")
        return result

    iam_evaluator.evaluate = evaluate


if __name__ == "__main__":
    witness(Path(sys.argv.pop()))
    main()
