"""Our routes as FastAPI and Mangum serve them: the other side of the cold-start comparison.

It becomes the ``app.py`` of a package of its own, which has no Chalice in it; the bodies, answers
and services are ours. ``routes.json`` beside it tells path, method and operation of every route.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI
from mangum import Mangum

from chalicelib import settings, wiring
from chalicelib.edge import answers
from chalicelib.edge.operations import OPERATIONS, Operation

config = settings.current()
channels = wiring.registry()
api = FastAPI(title="omnichannel-publisher")


def endpoint(path: str, operation: Operation) -> Callable[..., dict[str, Any]]:
    """Return a function with the parameters of an operation, as FastAPI reads them."""

    def answer(**_: object) -> dict[str, Any]:
        return {"status": "ok", "version": "0"}

    kind = inspect.Parameter.KEYWORD_ONLY
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [inspect.Parameter(name, kind, annotation=str) for name in names]
    if operation.takes:
        model: Any = operation.takes[0]
        for other in operation.takes[1:]:
            model = model | other
        parameters.append(inspect.Parameter("body", kind, annotation=Annotated[model, Body()]))
    answer.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return answer


for path, method, name in json.loads(Path(__file__).with_name("routes.json").read_text()):
    found = OPERATIONS[name]
    api.add_api_route(
        path,
        endpoint(path, found),
        methods=[method],
        name=name,
        response_model=getattr(answers, found.gives) if found.gives else None,
        status_code=found.status,
    )
app = Mangum(api, lifespan="off")
