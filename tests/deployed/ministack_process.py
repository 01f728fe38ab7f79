"""Run MiniStack, write down what roles may do, and call functions of topics as AWS does.

``python ministack_process.py FILE``: the file gets a line of JSON for each decision about a role.
This runs in the emulated AWS's own environment, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ministack.app import main
from ministack.core import iam_evaluator
from ministack.services import sns


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


def tell_of_no_attributes() -> None:
    """Name a notification's attributes to functions even if it has none: Chalice reads them."""
    deliver = sns._deliver_to_lambda

    def deliver_whole(endpoint: str, envelope: str, *rest: Any) -> None:
        whole = {"MessageAttributes": {}, **json.loads(envelope)}
        deliver(endpoint, json.dumps(whole), *rest)

    sns._deliver_to_lambda = deliver_whole


if __name__ == "__main__":
    witness(Path(sys.argv.pop()))
    tell_of_no_attributes()
    main()
