"""The development doors: controls, protection against web pages, state on disk, the process."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sandbox.platforms
from sandbox.platforms import Outside
from sandbox.platforms.__main__ import main
from tests.sandbox.platform_kit import CHANNELS, Visitor, image, send, until, visit

ROOT = Path(__file__).resolve().parents[2]
FIELDS = {"channel", "external_id", "url", "text", "media", "recipient", "created_at", "deleted_at"}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_post_has_every_field_of_the_contract(visitor: Visitor, channel: str) -> None:
    assert visitor.publisher(channel, "Ada passed")().status in (200, 201)
    (post,) = visitor.posts()
    assert set(post) >= FIELDS
    assert post["channel"] == channel
    assert "Ada passed" in post["text"]
    assert post["deleted_at"] is None
    is_direct = channel in ("whatsapp", "email", "sms")
    assert (post["recipient"] is not None) is is_direct
    assert (post["url"] is None) is is_direct


def test_posts_are_listed_oldest_first_by_channel_and_by_being_live(visitor: Visitor) -> None:
    for text in ("one", "two"):
        visitor.publisher("facebook", text)()
    visitor.publisher("sms", "three")()
    first = visitor.posts("facebook")[0]
    assert visitor.graph("facebook", "DELETE", first["external_id"]).json == {"success": True}
    assert [post["text"] for post in visitor.posts()] == ["one", "two", "three"]
    assert [post["text"] for post in visitor.posts("facebook", live=True)] == ["two"]
    assert visitor.posts("facebook")[0]["deleted_at"]
    assert visitor.control("GET", "/posts?limit=1").json["items"][0]["text"] == "three"
    one = visitor.control("GET", f"/posts?external_id={first['external_id']}").json["items"]
    assert [post["text"] for post in one] == ["one"]


def test_an_unchanged_wall_costs_no_bytes(visitor: Visitor) -> None:
    tag = visitor.control("GET", "/posts").headers["etag"]
    assert visitor.control("GET", "/posts", **{"If-None-Match": tag}).status == 304
    visitor.publisher("sms", "x")()
    assert visitor.control("GET", "/posts", **{"If-None-Match": tag}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"channel": "fax", "kind": "slow"},
        {"channel": "sms", "kind": "explode"},
        {"channel": "sms"},
        {"channel": "sms", "kind": ["slow"]},
        {"channel": "sms", "kind": "slow", "times": 0},
        {"channel": "sms", "kind": "slow", "times": True},
        {"channel": "sms", "kind": "slow", "times": "1"},
        {"channel": "sms", "kind": "slow", "seconds": -1},
        {"channel": "sms", "kind": "slow", "seconds": "3"},
        {"channel": "sms", "kind": "slow", "second": 3},
    ],
)
def test_a_wrong_control_is_refused_with_a_problem_document(visitor: Visitor, body: Any) -> None:
    seen = visitor.control("POST", "/faults", json.dumps(body).encode())
    assert seen.status == 400
    assert seen.headers["content-type"] == "application/problem+json"
    assert set(seen.json) == {"type", "title", "status", "detail"}
    assert visitor.control("GET", "/faults").json == {"items": []}


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b"[" * 100_000])
def test_nonsense_never_shows_a_stack_trace(visitor: Visitor, body: bytes) -> None:
    page = visitor.accounts["facebook"]["page_id"]
    json_type = {"Content-Type": "application/json"}
    for url in (
        f"{visitor.outside.url}/faults",
        f"{visitor.platforms['facebook']}/v26.0/{page}/feed",
        f"{visitor.platforms['linkedin']}/rest/posts",
        f"{visitor.platforms['email']}/v2/email/outbound-emails",
    ):
        seen = send("POST", url, body, {**json_type, "Authorization": "Bearer x"})
        assert seen.failure is None
        assert b"Traceback" not in seen.body


def test_an_announced_giant_body_is_refused_unread(visitor: Visitor) -> None:
    with socket.create_connection(("127.0.0.1", int(visitor.outside.url.rpartition(":")[2]))) as s:
        host = visitor.outside.url.removeprefix("http://")
        head = f"POST /faults HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999\r\n\r\n"
        s.sendall(head.encode())
        assert b" 413 " in s.recv(100)


def test_a_fault_is_listed_with_what_it_has_hit(visitor: Visitor) -> None:
    visitor.arm("sms", "error_503", times=2, seconds=1)
    visitor.publisher("sms", "x")()
    (item,) = visitor.control("GET", "/faults").json["items"]
    assert {k: item[k] for k in ("channel", "kind", "times", "seconds", "used")} == {
        "channel": "sms", "kind": "error_503", "times": 2, "seconds": 1, "used": 1,
    }  # fmt: skip


DOORS = [
    ("GET", "/"),
    ("GET", "/wall/wall.js"),
    ("GET", "/media/a.jpg"),
    ("GET", "/mail/email/1"),
    ("GET", "/posts"),
    ("GET", "/faults"),
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    ("GET", "/latency"),
    ("POST", "/latency"),
    ("POST", "/reset"),
    ("GET", "/accounts"),
    ("POST", "/inbound"),
    ("GET", "/mounted"),
    ("POST", "/mounted"),
    ("GET", "/nothing-here"),
]


@pytest.fixture
def mounted(visitor: Visitor) -> Visitor:
    """Give a sandbox with a further door."""
    visitor.outside.mount("/mounted", lambda *_: (200, {}, b""))
    return visitor


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("host", ["evil.example:8001", "evil.example", "127.0.0.1:1", ""])
def test_a_page_that_rebinds_its_name_to_this_computer_gets_nothing(
    mounted: Visitor, method: str, path: str, host: str
) -> None:
    assert mounted.control(method, path, Host=host).status == 403


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
def test_a_foreign_page_opens_no_door(
    mounted: Visitor, method: str, path: str, origin: str
) -> None:
    assert mounted.control(method, path, Origin=origin).status == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_sandbox_s_own_page_can_use_the_controls(visitor: Visitor, name: str) -> None:
    own = f"{name}:{visitor.outside.url.rpartition(':')[2]}"
    seen = visitor.control("POST", "/reset", Host=own, Origin=f"http://{own}")
    assert seen.status == 200


def addresses(visitor: Visitor) -> dict[str, str]:
    """Return where each platform's own API asks who its caller is."""
    asked = {"linkedin": "/v2/userinfo", "email": "/v2/email/account", "sms": "/?Action=Publish"}
    hosts = {
        "linkedin": "api.linkedin.com",
        "email": "email.us-east-1.amazonaws.com",
        "sms": "sns.us-east-1.amazonaws.com",
    }
    found = {}
    for channel in CHANNELS:
        path = asked.get(channel, "/v26.0/me")
        found[channel] = visitor.platforms[channel] + path
        host = hosts.get(channel, "graph.facebook.com")
        found[f"{channel} below the real host"] = f"{visitor.outside.url}/{host}{path}"
    return found


@pytest.mark.parametrize("host", [None, "localhost", "localhost:8001", "host.docker.internal:8001"])
def test_a_platform_answers_its_clients_by_whatever_name_they_know_it(
    visitor: Visitor, host: str | None
) -> None:
    for name, url in addresses(visitor).items():
        channel = name.partition(" ")[0]
        bearer = visitor.bearer(channel) if channel in visitor.accounts else {}
        headers = {**bearer, **({"Host": host} if host else {})}
        assert (name, send("GET", url, None, headers).status) == (name, 200)


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_foreign_page_is_no_client_of_a_platform(visitor: Visitor, origin: str) -> None:
    for name, url in addresses(visitor).items():
        assert (name, send("GET", url, None, {"Origin": origin}).status) == (name, 403)


def test_every_listener_is_bound_to_loopback_only(visitor: Visitor) -> None:
    listeners = [visitor.outside.url, *visitor.platforms.values()]
    assert all(url.startswith("http://127.0.0.1:") for url in listeners)
    assert len(set(listeners)) == 7


def test_a_mounted_handler_answers_its_prefix(visitor: Visitor) -> None:
    def handler(
        method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        return 201, {"X-Seen": f"{method} {path} {query} {headers['x-one']}"}, body

    visitor.outside.mount("/dev/token", handler)
    seen = visitor.control("POST", "/dev/token?a=1", b"body", **{"X-One": "1"})
    assert (seen.status, seen.body) == (201, b"body")
    assert seen.headers["x-seen"] == "POST /dev/token a=1 1"
    assert visitor.control("POST", "/dev/token", Origin="https://evil.example").status == 403


def test_a_handler_can_be_mounted_by_name(tmp_path: Path) -> None:
    (tmp_path / "echoing.py").write_text(
        "def echo(method, path, query, headers, body):\n    return 200, {}, path.encode()\n"
    )
    options = ("--mount", "/app/=echoing:echo")
    with _process(tmp_path / "state", *options, path=tmp_path) as (_, ready):
        assert send("GET", f"{ready['sandbox']}/app/a").body == b"/app/a"


def test_text_that_is_no_unicode_is_refused_and_the_wall_stays_readable(visitor: Visitor) -> None:
    body = b'{"messaging_product":"whatsapp","to":"+447700900123","text":{"body":"\\ud800"}}'
    number = visitor.accounts["whatsapp"]["phone_number_id"]
    url = f"{visitor.platforms['whatsapp']}/{number}/messages"
    kind = {"Content-Type": "application/json"}
    assert send("POST", url, body, visitor.bearer("whatsapp", **kind)).status == 400
    assert visitor.posts() == []


def test_posts_accounts_and_ports_survive_a_restart(tmp_path: Path) -> None:
    with visit(tmp_path / "s") as first:
        first.publisher("instagram", "Ada passed")()
        waiting = first.container("later")
        before = first.posts(), first.accounts, first.platforms, first.outside.url
    with visit(tmp_path / "s") as second:
        assert (second.posts(), second.accounts, second.platforms, second.outside.url) == before
        user = second.accounts["instagram"]["ig_user_id"]
        publish = {"creation_id": waiting}
        assert second.graph("instagram", "POST", f"{user}/media_publish", publish).status == 200


def test_a_reset_forgets_posts_and_faults_but_not_accounts(visitor: Visitor) -> None:
    visitor.publisher("instagram", "Ada passed")()
    picture = visitor.posts()[0]["media"][0]["url"]
    assert send("GET", picture).status == 200
    visitor.arm("sms", "slow")
    visitor.control("POST", "/reset")
    assert visitor.posts() == []
    assert visitor.control("GET", "/faults").json == {"items": []}
    assert send("GET", picture).status == 404
    assert visitor.outside.accounts() == visitor.accounts


def test_a_line_torn_by_a_crash_is_dropped_and_the_rest_is_kept(tmp_path: Path) -> None:
    with visit(tmp_path) as first:
        first.publisher("sms", "whole")()
    with (tmp_path / "outside.jsonl").open("a") as journal:
        journal.write('{"kind":"post","key":"sms/x","val')
    with visit(tmp_path) as second:
        assert [post["text"] for post in second.posts()] == ["whole"]


def test_only_image_files_are_served_from_the_media_folder(visitor: Visitor) -> None:
    for name in ("../outside.jsonl", "%2e%2e/outside.jsonl", "outside.jsonl", ""):
        assert visitor.control("GET", f"/media/{name}").status == 404


def test_the_wall_loads_nothing_from_elsewhere(visitor: Visitor) -> None:
    page = visitor.control("GET", "/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in ("/", "/wall/wall.css", "/wall/wall.js", "/wall/faces.js", "/wall/icon.svg"):
        seen = visitor.control("GET", path)
        assert seen.status == 200
        body = seen.body.replace(b"http://www.w3.org/2000/svg", b"")
        assert b"http://" not in body
        assert b"https://" not in body
        assert b"innerHTML" not in body


def test_a_mail_is_shown_without_any_right_to_run_or_fetch(visitor: Visitor) -> None:
    mail = visitor.mail("text")
    mail["Content"]["Simple"]["Body"]["Html"] = {"Data": "<script>1</script><img src='cid:card'>"}
    mail["Content"]["Simple"]["Attachments"] = [
        {"RawContent": _base64(image()), "ContentId": "card", "FileName": "card.jpg"}
    ]
    send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", mail)
    (post,) = visitor.posts("email")
    seen = visitor.control("GET", f"/mail/email/{post['external_id']}")
    policy = seen.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-same-origin" in policy
    assert post["media"][0]["url"].encode() in seen.body


def test_a_mail_shows_each_of_many_pictures_in_its_place(visitor: Visitor) -> None:
    mail = visitor.mail("text")
    names = [f"picture-{number}" for number in range(1, 12)]
    pictures = "".join(f"<img src='cid:{name}'>" for name in names)
    mail["Content"]["Simple"]["Body"]["Html"] = {"Data": pictures}
    mail["Content"]["Simple"]["Attachments"] = [
        {"RawContent": _base64(image(100 + n, 100)), "ContentId": name, "FileName": f"{name}.jpg"}
        for n, name in enumerate(names)
    ]
    send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", mail)
    (post,) = visitor.posts("email")
    seen = visitor.control("GET", f"/mail/email/{post['external_id']}").body.decode()
    assert seen == "".join(f"<img src='{medium['url']}'>" for medium in post["media"])


def test_a_seventh_stand_in_is_found_without_editing_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (ROOT / "sandbox/platforms/sms.py").read_text()
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "pager.py").write_text(source.replace('"sms"', '"pager"'))
    monkeypatch.setattr(sandbox.platforms, "__path__", [*sandbox.platforms.__path__, str(folder)])
    with Outside(tmp_path / "state") as outside:
        assert set(outside.platforms()) == {*CHANNELS, "pager"}


def test_a_killed_process_forgets_nothing_it_answered(tmp_path: Path) -> None:
    with _process(tmp_path) as (first, ready):
        accounts = json.loads((tmp_path / "outside.json").read_text())["accounts"]
        page, token = accounts["facebook"]["page_id"], accounts["facebook"]["access_token"]
        url = f"{ready['platforms']['facebook']}/{page}/feed?message=kept&access_token={token}"
        assert send("POST", url).status == 200
        first.send_signal(signal.SIGKILL)
        first.wait()
    with _process(tmp_path) as (_, again):
        assert again == ready
        items = send("GET", f"{again['sandbox']}/posts").json["items"]
        assert [post["text"] for post in items] == ["kept"]


def test_an_orderly_stop_takes_the_addresses_away(tmp_path: Path) -> None:
    with _process(tmp_path) as (process, _):
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert not (tmp_path / "outside.json").exists()


def test_a_taken_port_is_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--state", str(tmp_path)]) == 1
    assert f"port {port} is taken" in capsys.readouterr().err


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


class _process:
    """Run the sandbox as a process of its own until the block ends."""

    def __init__(self, state: Path, *options: str, path: Path = ROOT) -> None:
        command = [sys.executable, "-m", "sandbox.platforms", "--port", "0", "--state", str(state)]
        command += options
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(path)}
        )

    def __enter__(self) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
        assert self.process.stdout is not None
        line = until(self.process.stdout.readline)
        return self.process, json.loads(line)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
