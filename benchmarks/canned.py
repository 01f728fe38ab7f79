"""Answer DynamoDB's and Kinesis's calls at once with what a file holds: ``… canned PORT FILE``.

Nothing is stored and no condition is looked at, so that a caller's CPU time is the caller's own.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from chalicelib.repositories.schema import PK, SK

Item = Mapping[str, Any]
"""An item as it goes over the wire."""

PAGE = 1000
"""Entries a query returns at most; DynamoDB cuts at a megabyte."""
WHOLE = "STATUS#scheduled"
"""A partition that lists everything: what the due index is to whoever has not divided it."""
SHARD = "shardId-000000000000"
SEQUENCE = "49656372851245896741236985214785236984125698741235896745"


class Answers:
    """What each operation is answered: items by their keys, and the pages of the due index."""

    def __init__(self, items: Sequence[Item], partition: str, sort: str) -> None:
        """Serve items, which an index with these two key attributes lists by its partitions."""
        self._partition, self._sort = partition, sort
        self._items = {_place(item): item for item in items}
        self._index: dict[str, list[Item]] = {}
        names = (PK, SK, partition, sort)
        for item in sorted(items, key=lambda each: str(each[sort]["S"])):
            entry = {name: item[name] for name in names}
            self._index.setdefault(item[partition]["S"], []).append(entry)

    def __call__(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer to a call."""
        match operation:
            case "Query":
                return self._page(request)
            case "BatchGetItem":
                return self._several(request)
            case "GetItem":
                found = self._items.get(_place(request["Key"]))
                return {"Item": found} if found else {}
            case "PutRecords":
                taken = {"SequenceNumber": SEQUENCE, "ShardId": SHARD}
                return {"FailedRecordCount": 0, "Records": [taken] * len(request["Records"])}
            case "PutRecord":
                return {"SequenceNumber": SEQUENCE, "ShardId": SHARD}
        return {}

    def _page(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a page of the partition that the request names."""
        named = [value.get("S") for value in request["ExpressionAttributeValues"].values()]
        chosen = [name for name in self._index if name in named or WHOLE in named]
        entries = [entry for name in chosen for entry in self._index[name]]
        size, start = min(request.get("Limit", PAGE), PAGE), 0
        if "ExclusiveStartKey" in request:
            last = _place(request["ExclusiveStartKey"])
            start = 1 + next(n for n, entry in enumerate(entries) if _place(entry) == last)
        page = entries[start : start + size]
        if start + size >= len(entries):
            return {"Items": page, "Count": len(page)}
        return {"Items": page, "Count": len(page), "LastEvaluatedKey": page[-1]}

    def _several(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        places = {
            table: [_place(key) for key in wanted["Keys"]]
            for table, wanted in request["RequestItems"].items()
        }
        found = {
            table: [self._items[place] for place in wanted if place in self._items]
            for table, wanted in places.items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}


def _place(item: Item) -> tuple[str, str]:
    return item[PK]["S"], item[SK]["S"]


class Connection(BaseHTTPRequestHandler):
    """One kept connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    answers: Answers

    def do_GET(self) -> None:
        """Say that the server is there."""
        self._send(b"{}")

    def do_POST(self) -> None:
        """Answer one call."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        self._send(json.dumps(self.answers(operation, request)).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-crc32", str(zlib.crc32(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """Serves as many connections at once as there are."""

    request_queue_size = 256


def main(port: int, path: Path) -> None:
    """Serve until this process is ended."""
    document = json.loads(path.read_text(encoding="utf-8"))
    Connection.answers = Answers(document["items"], document["partition"], document["sort"])
    Server(("127.0.0.1", port), Connection).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
