"""What the role of a deployed function may do, and how to take some of it away for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Policy:
    """The inline policies of one role."""

    iam: Any
    role: str

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """Return each policy's document by its name."""
        names = self.iam.list_role_policies(RoleName=self.role)["PolicyNames"]
        return {name: self._document(name) for name in names}

    @property
    def statements(self) -> list[Statement]:
        """Return every statement of every policy."""
        return [s for document in self.documents.values() for s in document["Statement"]]

    @contextmanager
    def without(self, sid: str) -> Iterator[None]:
        """Take one statement away within."""
        before = self.documents
        (name,) = (n for n, d in before.items() if any(s.get("Sid") == sid for s in d["Statement"]))
        document = before[name]
        rest = [each for each in document["Statement"] if each.get("Sid") != sid]
        self._put(name, {**document, "Statement": rest})
        try:
            yield
        finally:
            self._put(name, document)

    def _document(self, name: str) -> dict[str, Any]:
        found = self.iam.get_role_policy(RoleName=self.role, PolicyName=name)["PolicyDocument"]
        document: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
        return document

    def _put(self, name: str, document: Mapping[str, Any]) -> None:
        self.iam.put_role_policy(
            RoleName=self.role, PolicyName=name, PolicyDocument=json.dumps(document)
        )
