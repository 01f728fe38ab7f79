"""Fill in WhatsApp message templates the way the platform checks them.

A template is approved once; a message names it, its language, and one value per placeholder.
Rules: the project's channel fact sheet, section 4.3, and public reports of live answers about line
breaks in parameters (checked November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.platforms.dialects.graph import GraphError
from sandbox.platforms.engine.posts import Picture

MAX_BODY = 1024
PLACEHOLDER = re.compile(r"\{\{(\d+)\}\}")
FRAME = "News from our community:\n\n{{1}}\n\nReply STOP to unsubscribe."

Pull = Callable[[str], Picture]


def default_templates(language: str) -> list[dict[str, Any]]:
    """Return the templates every sandbox starts with."""
    example = {"body_text": [["Ada Lovelace earned a new certification."]]}
    body = {"type": "BODY", "text": FRAME, "example": example}
    header = {"type": "HEADER", "format": "IMAGE"}

    def template(number: int, name: str, *components: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"90000000000000{number}",
            "name": name,
            "language": language,
            "status": "APPROVED",
            "category": "UTILITY",
            "components": list(components),
        }

    return [
        template(1, "announcement_text", body),
        template(2, "announcement_image", header, body),
        template(3, "hello_community", {"type": "BODY", "text": "Welcome to our community!"}),
    ]


@dataclass(frozen=True)
class Filled:
    """A template with its values, as the recipient sees it."""

    text: str
    header: Picture | None


def fill(templates: list[dict[str, Any]], message: Any, pull: Pull) -> Filled:
    """Check a message's ``template`` object and fill it in. Raise GraphError."""
    if not isinstance(message, dict) or not isinstance(message.get("name"), str):
        raise GraphError(131008, "a required parameter is missing", details="template.name")
    language = message.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    template = next(
        (t for t in templates if (t["name"], t["language"]) == (message["name"], code)), None
    )
    if template is None:
        details = f"there is no template {message['name']} in {code}"
        raise GraphError(132001, "the template does not exist", status=404, details=details)
    parameters = _parameters(message.get("components", []))
    header: Picture | None = None
    texts: list[str] = []
    for component in template["components"]:
        given = parameters.pop(component["type"].lower(), [])
        if component["type"] == "HEADER" and component.get("format") == "IMAGE":
            header = _header(given, pull)
        else:
            texts.append(_filled(component["text"], given))
    if any(parameters.values()):
        raise GraphError(132000, "the number of parameters does not match", details="components")
    text = "\n\n".join(texts)
    if len(text) > MAX_BODY:
        details = f"{len(text)} characters, at most {MAX_BODY}"
        raise GraphError(132005, "the filled-in text is too long", details=details)
    return Filled(text, header)


def _parameters(components: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    if not isinstance(components, list):
        raise GraphError(100, "Invalid parameter", details="components is a list")
    for component in components:
        kind = component.get("type") if isinstance(component, dict) else None
        values = component.get("parameters", []) if isinstance(component, dict) else None
        if not isinstance(kind, str) or not isinstance(values, list):
            raise GraphError(
                100, "Invalid parameter", details="a component has type and parameters"
            )
        found[kind.lower()] = values
    return found


def _header(given: list[Any], pull: Pull) -> Picture:
    image = given[0].get("image") if len(given) == 1 and isinstance(given[0], dict) else None
    link = image.get("link") if isinstance(image, dict) else None
    if not isinstance(link, str):
        details = "the header takes one parameter of type image with a link"
        raise GraphError(132012, "a parameter has the wrong format", details=details)
    return pull(link)


def _filled(text: str, given: list[Any]) -> str:
    wanted = set(PLACEHOLDER.findall(text))
    if len(given) != len(wanted):
        details = f"the body takes {len(wanted)} parameters, {len(given)} were given"
        raise GraphError(132000, "the number of parameters does not match", details=details)
    values = [_value(parameter) for parameter in given]
    return PLACEHOLDER.sub(lambda match: values[int(match[1]) - 1], text)


def _value(parameter: Any) -> str:
    value = parameter.get("text") if isinstance(parameter, dict) else None
    if not isinstance(value, str) or parameter.get("type") != "text":
        details = "a body parameter is of type text"
        raise GraphError(132012, "a parameter has the wrong format", details=details)
    if not value.strip():
        raise GraphError(131008, "a required parameter is missing", details="text is empty")
    if re.search(r"[\n\r\t]| {5}", value):
        details = "a parameter has no line break, tab or run of more than four spaces"
        raise GraphError(100, "Invalid parameter", details=details)
    return value
