"""The sign-in pages of the local user pool, as a browser meets them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from chalicelib.settings import Settings
from sandbox.provision import Clients, provision
from sandbox.users import USERS
from tests.embedded_aws import running

APP = "http://127.0.0.1:8001/app/"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Page:
    """What a browser got, without following where it is sent."""

    status: int
    kind: str
    text: str
    sent_to: str

    @property
    def action(self) -> str:
        """Return where the form of the page goes."""
        found = re.search(r'action="([^"]*)"', self.text)
        assert found is not None, self.text
        return html.unescape(found[1])


class _Staying(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Stay."""


@dataclass(frozen=True)
class Pool:
    """The pages of a user pool that knows one app."""

    address: str
    client: str

    def asked(self, **changed: str) -> str:
        """Return the address that the app sends people to."""
        request = {
            "client_id": self.client,
            "redirect_uri": APP,
            "response_type": "code",
            "scope": "openid",
            "state": "state & more",
            **changed,
        }
        return f"/oauth2/authorize?{urlencode(request)}"

    def open(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = BROWSER,
    ) -> Page:
        """Open a page, or send a form there."""
        body = None if form is None else urlencode(form).encode()
        request = Request(f"{self.address}{path}", data=body, headers=dict(headers))  # noqa: S310
        try:
            answer = build_opener(_Staying).open(request, timeout=30)
        except HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode()
        kind = answer.headers.get("Content-Type", "")
        return Page(answer.status, kind, text, answer.headers.get("Location", ""))

    def filled(self, page: Page, **given: str) -> dict[str, str]:
        """Return the form of a page with what a person writes into it."""
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
        return {**{name: html.unescape(value) for name, value in hidden}, **given}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with running(tmp_path_factory.mktemp("aws")) as endpoint:
        resources = provision(Clients(endpoint), Settings.read({}), (APP,))
        yield Pool(endpoint, resources.client_id)


def test_the_address_after_a_wrong_password_can_be_loaded_anew(pool: Pool) -> None:
    form = pool.open(pool.asked())
    wrong = pool.open(form.action, pool.filled(form, username="member", password="wrong"))
    assert "Incorrect username or password." in wrong.text
    again = pool.open(form.action)  # as the bar, a bookmark or a tab that is restored does
    assert (again.status, again.action) == (200, form.action)
    password = USERS["member"].password("member")
    done = pool.open(again.action, pool.filled(again, username="member", password=password))
    assert done.status == 302
    sent_to = urlsplit(done.sent_to)
    assert done.sent_to.startswith(APP)
    assert parse_qs(sent_to.query)["state"] == ["state & more"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/login", "Only response_type=code is supported."),
        ("/login?response_type=code", "client_id is required."),
        ("/logout", "client_id is required."),
    ],
)
def test_an_address_that_names_no_app_leads_to_the_app(pool: Pool, path: str, reason: str) -> None:
    page = pool.open(path)
    assert page.kind.startswith("text/html")
    assert reason in page.text
    assert f'href="{APP}"' in page.text


def test_a_wrong_way_back_is_told_on_a_page(pool: Pool) -> None:
    page = pool.open(pool.asked(redirect_uri="https://elsewhere.example/"))
    assert page.kind.startswith("text/html")
    assert "redirect_uri is not allowed: https://elsewhere.example/" in page.text


def test_a_program_is_told_in_json(pool: Pool) -> None:
    page = pool.open("/login", headers={"Accept": "application/json"})
    assert (page.status, page.kind) == (400, "application/json")
