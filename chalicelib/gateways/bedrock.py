"""Language models behind Amazon Bedrock's Converse: one call, one answer, in limited time.

    429, 503, 500, 408, 424     busy          the other model, later this one again
    403, 404, 400               not allowed   the other model: no access here, or no such model
    no answer in time           silent        nobody: it may have been paid for already
    any other end of the text   refused, cut  nobody: it would be the same again

Every answer's tokens are counted, whatever it is worth. Request and answer as botocore's model of
`bedrock-runtime` has them; which models take a JSON schema for their answer: Bedrock user guide,
"Structured output", 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.channels import AwsCall, Response
from chalicelib.domain.models import Reply, Usage, profile
from chalicelib.domain.prompts import Prompt
from chalicelib.domain.rewording import Reason
from chalicelib.gateways._aws import AwsCalls, ClientFactory
from chalicelib.gateways._http import NoAnswer, NotSent, Wire

BUSY = frozenset({408, 424, 429, 500, 502, 503, 504})
FORBIDDEN = frozenset({400, 403, 404})
TEMPERATURE = 0.7
"""Some variety: the same sentence over every announcement would be none."""
_ENDS = {"end_turn": None, "max_tokens": Reason.CUT, "malformed_model_output": Reason.MALFORMED}


class BedrockModels:
    """Implements `ports.LanguageModel`."""

    def __init__(
        self, client: ClientFactory, wire: Wire, models: Sequence[str], region: str
    ) -> None:
        """`models`: ids in the order in which they are asked."""
        self._calls = AwsCalls(client, wire)
        self._names = [profile(model, region) for model in models]

    @property
    def names(self) -> Sequence[str]:
        """Return what is called, the first choice first."""
        return self._names

    def ask(self, name: str, prompt: Prompt) -> Reply:
        """Return what came of one call."""
        try:
            answer = self._calls.call(
                AwsCall("bedrock-runtime", "converse", {}), request(name, prompt), None
            )
        except NotSent:
            return Reply(reason=Reason.BUSY, try_again=True)
        except NoAnswer:
            return Reply(reason=Reason.SILENT)
        return read_response(name, answer)


def request(name: str, prompt: Prompt) -> dict[str, Any]:
    """Return the parameters of Converse for a question."""
    schema = {"name": "templates", "schema": prompt.schema}
    return {
        "modelId": name,
        "system": [{"text": prompt.system}],
        "messages": [{"role": "user", "content": [{"text": prompt.data}]}],
        "inferenceConfig": {"maxTokens": prompt.max_tokens, "temperature": TEMPERATURE},
        "outputConfig": {
            "textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}
        },
    }


def read_response(name: str, answer: Response) -> Reply:
    """Return what a model's answer, or the service's refusal, means."""
    if answer.ok:
        return _read(name, answer.data)
    if answer.status in FORBIDDEN:
        return Reply(reason=Reason.FORBIDDEN, try_again=True)
    return Reply(reason=Reason.BUSY, try_again=answer.status in BUSY)


def _read(name: str, data: Mapping[str, Any]) -> Reply:
    """Return an answer; one that lacks what the service promises is malformed."""
    try:
        used = data["usage"]
        latency = data["metrics"]["latencyMs"]
        usage = Usage(name, used["inputTokens"], used["outputTokens"], latency)
        blocks = data["output"]["message"]["content"]
        text = "".join(block.get("text", "") for block in blocks)
    except (KeyError, TypeError, AttributeError):
        return Reply(reason=Reason.MALFORMED)
    return Reply(text, _ENDS.get(data.get("stopReason", ""), Reason.REFUSED), usage)
