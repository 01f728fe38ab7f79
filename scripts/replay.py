"""Ask the replay function what came to a halt, or have it driven again, and show the answer.

    python -m scripts.replay explain --since 2026-12-01T00:00:00Z --channel email

Without ``--stage`` it is the running local product that is asked: the function's own code, in this
process, on that product's data. With ``--stage prod`` it is the deployed function, with the AWS
credentials of whoever asks.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from scripts import reaching
from scripts.reaching import Refused

FUNCTION = "omnichannel-publisher-{stage}-replay"
LIVE = "live"
ACTIONS = ("list", "explain", "dry_run", "redrive")
VARIABLES = {
    "action": "ACTION",
    "since": "SINCE",
    "until": "UNTIL",
    "channels": "CHANNEL",
    "statuses": "STATUS",
    "message_id": "MESSAGE",
    "limit": "LIMIT",
}
"""What `make replay` calls each field of the function's event."""
INVOCATION_MS = 300_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print, and return the exit status: 1 if nothing could be answered."""
    options = _parser().parse_args(arguments)
    try:
        event = _event(options)
        answer = deployed(event, options.stage) if options.stage else local(event)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    if "problem" in answer:
        sys.stderr.write(problem(answer["problem"], event))
        return 1
    text = json.dumps(answer, indent=2) if options.json else shown(answer)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(text + "\n")
    return 0


def local(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run the function on the running local product's data."""
    from chalice.local import LambdaContext

    log = reaching.local()
    with (log / "replay.log").open("a") as file, contextlib.redirect_stdout(file):
        import app

        answer: Mapping[str, Any] = app.replay(event, LambdaContext("replay", 256, INVOCATION_MS))
    return answer


def deployed(event: Mapping[str, Any], stage: str) -> Mapping[str, Any]:
    """Invoke the deployed function of a stage."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    name = FUNCTION.format(stage=stage)
    try:
        answer = invoked(boto3.client("lambda"), name, json.dumps(event))
    except (BotoCoreError, ClientError) as error:
        raise Refused(
            f"{name} could not be invoked: {error}\n"
            "AWS_DEFAULT_REGION says where it is, your AWS credentials who asks."
        ) from error
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Refused(f"{name} failed: {payload.get('errorMessage', 'see its log')}")
    return payload


def invoked(client: Any, name: str, payload: str) -> Mapping[str, Any]:
    """Invoke what serves: a function's live alias, or the function where none was made for it."""
    try:
        answer: Mapping[str, Any] = client.invoke(
            FunctionName=name, Qualifier=LIVE, Payload=payload
        )
    except client.exceptions.ResourceNotFoundException:  # Chalice's own deployment makes no alias
        answer = client.invoke(FunctionName=name, Payload=payload)
    return answer


def shown(answer: Mapping[str, Any]) -> str:
    """Return an answer as lines for a person."""
    lines = [line for item in answer["items"] for line in _lines(item)]
    counts = ", ".join(f"{count} {name}" for name, count in answer["counts"].items())
    lines.append(
        f"{answer['found']} found between {answer['since']} and {answer['until']}"
        + (f": {counts}" if counts else "")
    )
    if answer["more"]:
        lines.append("There are more: ask for a shorter time, or again.")
    return "\n".join(lines)


def _lines(item: Mapping[str, Any]) -> Sequence[str]:
    whom = f" to {item['recipient']}" if item["recipient"] else ""
    what = f"{item['message_id']} {item['channel']}{whom}" if item["message_id"] else "unreadable"
    where = "stream" if item["source"] == "stream" else "ledger"
    lines = [f"{item['at']}  {item['status'] or '-':13} {what}  ({where}: {item['reason']})"]
    if "remedy" in item:
        outcome = f" → {item['outcome']}" if "outcome" in item else ""
        lines.append(f"    {item['remedy']}{outcome}: {item['why']}")
    if item.get("error"):
        lines.append(f"    {item['error']['code']}: {item['error']['detail']}")
    for attempt in item.get("attempts", ()):
        outcome = attempt["outcome"] or "no answer known"
        evidence = f", {attempt['external_id']}" if attempt["external_id"] else ""
        lines.append(
            f"    attempt {attempt['number']} at {attempt['started_at']}: {outcome}{evidence}"
        )
    return lines


def problem(found: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Return a refusal as lines that name what was typed, not where it stands in the event."""
    faults = [
        f"  {_typed(fault['pointer'], event)}: {_in_variables(fault['detail'])}"
        for fault in found.get("errors", ())
    ]
    said = [f"{found['title']}:", *faults] if faults else [f"{found['title']}: {found['detail']}"]
    return "\n".join([*said, ""])


def _typed(pointer: str, event: Mapping[str, Any]) -> str:
    name, _, place = pointer.removeprefix("/").partition("/")
    value = event.get(name, "")
    if isinstance(value, list):
        value = value[int(place)] if place else ",".join(value)
    return f"{VARIABLES.get(name, name)}={value}"


def _in_variables(text: str) -> str:
    for name, variable in VARIABLES.items():
        text = text.replace(f"`{name}`", variable)
    return text


def _event(options: argparse.Namespace) -> dict[str, Any]:
    if options.action not in ACTIONS:
        raise Refused(f"ACTION must be one of {', '.join(ACTIONS)}, not {options.action!r}.")
    event: dict[str, Any] = {"action": options.action}
    if options.limit is not None:
        if not (options.limit.isascii() and options.limit.isdigit()):
            raise Refused(f"LIMIT must be a whole number, at least 1, not {options.limit!r}.")
        event["limit"] = int(options.limit)
    for name in ("since", "until", "message_id"):
        if (value := getattr(options, name)) is not None:
            event[name] = value
    if options.channel:
        event["channels"] = options.channel.split(",")
    if options.status:
        event["statuses"] = options.status.split(",")
    return event


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.replay", description=__doc__)
    parser.add_argument("action", nargs="?", default="list", help=", ".join(ACTIONS))
    parser.add_argument("--since", help="RFC 3339 instant; a day ago if left out")
    parser.add_argument("--until", help="RFC 3339 instant; now if left out")
    parser.add_argument("--channel", help="one or more, with commas between them")
    parser.add_argument("--status", help="one or more, with commas between them")
    parser.add_argument("--message", dest="message_id", help="one message's id")
    parser.add_argument("--limit", help="how many at most")
    parser.add_argument("--stage", help="a deployed stage instead of the local product")
    parser.add_argument("--json", action="store_true", help="print the function's own answer")
    return parser


if __name__ == "__main__":
    sys.exit(main())
