"""Stand in for LinkedIn's organization pages: posts, images, roles and tokens.

Rules kept here: the project's channel fact sheet, section 4.4 (checked November 2026). An identical
text by the same author within a day is a duplicate, even when the first was deleted since.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.platforms.dialects.linkedin_images import Images
from sandbox.platforms.dialects.little_text import reader_text
from sandbox.platforms.dialects.restli import RestliError, check_headers, rest_method, urn_key
from sandbox.platforms.engine.moments import instant, moment
from sandbox.platforms.engine.posts import Picture, Post
from sandbox.platforms.engine.wire import Answer, Request, json_answer
from sandbox.platforms.engine.world import Refusal, World, live, token

ORGANIZATION_ID = 104200042
MAX_COMMENTARY = 3000
REMEMBERED = timedelta(hours=24)
SCOPES = "r_organization_social,rw_organization_admin,w_organization_social,openid,profile"
REQUIRED = ("author", "commentary", "visibility", "distribution", "lifecycleState")


class LinkedIn:
    """One organization page and the member who administers it."""

    channel = "linkedin"
    hosts = ("api.linkedin.com", "www.linkedin.com")

    def __init__(self, world: World) -> None:
        """Seed or read back the account."""
        self.world = world
        self.seed = world.account("linkedin", self.new_account)
        self.images = Images(world)

    def new_account(self) -> dict[str, Any]:
        """Return a fresh organization and token."""
        return {
            "organization_urn": f"urn:li:organization:{ORGANIZATION_ID}",
            "name": "Cloud Community",
            "person_urn": "urn:li:person:sandboxAdmin",
            "access_token": token("linkedin"),
            "client_id": "sandbox-client",
            "client_secret": token("linkedin-client"),
        }

    def account(self) -> dict[str, Any]:
        """Return the development account."""
        return self.seed

    def claims(self, request: Request) -> bool:
        """Say yes: nobody else has these hosts."""
        return True

    def publishes(self, request: Request) -> bool:
        """Say whether a post is being created."""
        is_create = request.method == "POST" and request.segments == ["rest", "posts"]
        return is_create and "action" not in request.arguments

    def answer(self, request: Request) -> Answer:
        """Check token and headers, serve, and answer errors in LinkedIn's shape."""
        try:
            return self._serve(request)
        except RestliError as error:
            return error.answer()

    def refuse(self, refusal: Refusal, request: Request, seconds: float) -> Answer:
        """Refuse in LinkedIn's words; it never says how long to wait."""
        errors = {
            Refusal.TOKEN_EXPIRED: RestliError(
                401, "EXPIRED_ACCESS_TOKEN", "the token used in the request has expired", 65602
            ),
            Refusal.RATE_LIMIT: RestliError(
                429,
                "TOO_MANY_REQUESTS",
                "the daily limit for calls to this resource is reached",
                101,
            ),
            Refusal.REJECT_CONTENT: RestliError(
                422, "INVALID_CONTENT", "ERROR :: /commentary :: this content is not accepted"
            ),
            Refusal.UNAVAILABLE: RestliError(503, "SERVICE_UNAVAILABLE", "service unavailable"),
            Refusal.BROKEN: RestliError(500, "INTERNAL_SERVER_ERROR", "internal server error"),
        }
        return errors[refusal].answer()

    def _serve(self, request: Request) -> Answer:
        path = request.segments
        if path[:1] == ["dms-uploads"]:
            return self.images.receive(request)
        if path == ["oauth", "v2", "introspectToken"] and request.method == "POST":
            return self._introspect(request)
        self._authorise(request)
        if path == ["v2", "userinfo"]:
            return json_answer(200, {"sub": "sandboxAdmin", "name": "Sandbox Administrator"})
        if path == ["v2", "me"]:
            return self._me()
        if path[:1] == ["rest"] and len(path) > 1:
            check_headers(request, self.world.now())
            return self._versioned(request, path)
        raise RestliError(404, "RESOURCE_NOT_FOUND", "no such resource")

    def _versioned(self, request: Request, path: list[str]) -> Answer:
        if path == ["rest", "me"]:
            return self._me()
        if path[1] == "posts" and len(path) <= 3:
            return self._posts(request, rest_method(request))
        if path[1] == "images" and len(path) <= 3:
            return self.images.serve(request, rest_method(request), self.seed["organization_urn"])
        if path[1:] == ["organizations", str(ORGANIZATION_ID)]:
            return self._organization()
        if path[1:] == ["organizationAcls"] and request.arguments.get("q") == "roleAssignee":
            return self._roles()
        raise RestliError(404, "RESOURCE_NOT_FOUND", "no such resource")

    def _authorise(self, request: Request) -> None:
        if request.bearer is None:
            raise RestliError(401, "UNAUTHORIZED", "an access token is required", 65604)
        if request.bearer == self.seed["access_token"]:
            return
        accounts = self.world.journal.of("account").values()
        if request.bearer in {account.get("access_token") for account in accounts}:
            raise RestliError(403, "ACCESS_DENIED", "not enough permissions to access this", 100)
        raise RestliError(401, "INVALID_ACCESS_TOKEN", "the access token is invalid", 65600)

    def _posts(self, request: Request, method: str) -> Answer:
        if method == "CREATE":
            return self._create(request)
        if method == "FINDER":
            return self._find(request)
        if len(request.segments) != 3:
            raise RestliError(404, "RESOURCE_NOT_FOUND", "name one post or use a finder")
        post = live(self.world.posts.find("linkedin", urn_key(request, 2)))
        if post is None:
            raise RestliError(404, "NOT_FOUND", "there is no such post")
        if method == "GET":
            return json_answer(200, self._shown(post))
        if method == "DELETE":
            self.world.posts.delete(post)
            return Answer(204)
        if method == "PARTIAL_UPDATE":
            return self._update(request, post)
        raise RestliError(405, "METHOD_NOT_ALLOWED", f"posts know no {method}")

    def _create(self, request: Request) -> Answer:
        body = request.json
        if not isinstance(body, dict):
            raise RestliError(400, "ILLEGAL_ARGUMENT", "the body is not a JSON object", 100)
        for name in REQUIRED:
            if name not in body:
                detail = f"ERROR :: /{name} :: field is required but not found"
                raise RestliError(422, "MISSING_FIELD", detail)
        self._check_ours(body["author"])
        if body["lifecycleState"] != "PUBLISHED":
            raise RestliError(422, "INVALID_VALUE", "ERROR :: /lifecycleState :: PUBLISHED only")
        commentary = _commentary(body["commentary"])
        text = reader_text(commentary)
        with self.world.lock:
            pictures = self.images.attached(body.get("content"), self.seed["organization_urn"])
            if not text and not pictures and not body.get("content"):
                raise RestliError(422, "INVALID_VALUE", "ERROR :: /commentary :: nothing to post")
            if twin := self._twin(text, pictures):
                return _duplicate(twin)
            post = self._show(commentary, text, pictures, body.get("content"))
        headers = {
            "x-restli-id": post.external_id,
            "x-linkedin-id": post.external_id,
            "Location": f"/rest/posts/{post.external_id.replace(':', '%3A')}",
        }
        return Answer(201, b"", headers)

    def _show(self, commentary: str, text: str, pictures: list[Picture], content: Any) -> Post:
        urn = f"urn:li:share:74{self.world.number():017}"
        extra = {"author": self.seed["name"], "commentary": commentary, "content": content}
        article = content.get("article") if isinstance(content, dict) else None
        if isinstance(article, dict):
            extra["link"] = str(article.get("source", ""))
            extra["title"] = str(article.get("title", ""))
        url = f"https://www.linkedin.com/feed/update/{urn}"
        return self.world.posts.add(Post("linkedin", urn, url, text, tuple(pictures), extra=extra))

    def _twin(self, text: str, pictures: list[Picture]) -> Post | None:
        """Return the recent post, live or deleted, that says the same."""
        since = instant(self.world.now() - REMEMBERED)
        for post in self.world.posts.newest_first("linkedin"):
            if post.created_at < since:
                break
            if text and post.text == text and bool(post.media) == bool(pictures):
                return post
        return None

    def _update(self, request: Request, post: Post) -> Answer:
        patch = request.json.get("patch") if isinstance(request.json, dict) else None
        values = patch.get("$set") if isinstance(patch, dict) else None
        if not isinstance(values, dict) or set(values) - {"commentary"}:
            raise RestliError(422, "INVALID_VALUE", "ERROR :: /patch :: only commentary can be set")
        commentary = _commentary(values.get("commentary", post.extra["commentary"]))
        self.world.posts.edit(post, reader_text(commentary), commentary=commentary)
        return Answer(204)

    def _find(self, request: Request) -> Answer:
        query = request.arguments
        if query.get("q") != "author":
            raise RestliError(400, "ILLEGAL_ARGUMENT", "the finder is called author", 100)
        self._check_ours(query.get("author"))
        try:
            start, count = int(query.get("start", 0)), min(int(query.get("count", 10)), 100)
        except ValueError as error:
            raise RestliError(
                400, "ILLEGAL_ARGUMENT", "start and count are numbers", 100
            ) from error
        if start < 0 or count < 1:
            raise RestliError(400, "ILLEGAL_ARGUMENT", "start and count are positive", 100)
        posts = [post for post in self.world.posts.newest_first("linkedin") if post.is_live]
        elements = [self._shown(post) for post in posts[start : start + count]]
        paging = {"start": start, "count": count, "total": len(posts), "links": []}
        return json_answer(200, {"elements": elements, "paging": paging})

    def _shown(self, post: Post) -> dict[str, Any]:
        at = moment(post.created_at)
        milliseconds = int(at.timestamp() * 1000) if at else 0
        shown = {
            "id": post.external_id,
            "author": self.seed["organization_urn"],
            "commentary": post.extra["commentary"],
            "visibility": "PUBLIC",
            "lifecycleState": "PUBLISHED",
            "createdAt": milliseconds,
            "publishedAt": milliseconds,
            "lastModifiedAt": milliseconds,
            "isReshareDisabledByAuthor": False,
            "distribution": {"feedDistribution": "MAIN_FEED"},
        }
        return {**shown, "content": post.extra["content"]} if post.extra.get("content") else shown

    def _organization(self) -> Answer:
        shown = {
            "id": ORGANIZATION_ID,
            "localizedName": self.seed["name"],
            "vanityName": "cloud-community-sandbox",
        }
        return json_answer(200, shown)

    def _roles(self) -> Answer:
        role = {
            "role": "ADMINISTRATOR",
            "state": "APPROVED",
            "roleAssignee": self.seed["person_urn"],
            "organization": self.seed["organization_urn"],
        }
        return json_answer(200, {"elements": [role], "paging": {"start": 0, "count": 10}})

    def _me(self) -> Answer:
        name = {"localizedFirstName": "Sandbox", "localizedLastName": "Administrator"}
        return json_answer(200, {"id": "sandboxAdmin", **name})

    def _introspect(self, request: Request) -> Answer:
        form = request.form
        given = (form.get("client_id"), form.get("client_secret"))
        if given != (self.seed["client_id"], self.seed["client_secret"]):
            error = {"error": "invalid_client", "error_description": "client authentication failed"}
            return json_answer(401, error)
        if form.get("token") != self.seed["access_token"]:
            return json_answer(200, {"active": False})
        now = int(self.world.now().timestamp())
        month = 30 * 86_400
        shown = {
            "active": True,
            "status": "active",
            "auth_type": "3L",
            "client_id": form["client_id"],
            "scope": SCOPES,
            "created_at": now - month,
            "authorized_at": now - month,
            "expires_at": now + month,
        }
        return json_answer(200, shown)

    def _check_ours(self, author: Any) -> None:
        if author != self.seed["organization_urn"]:
            raise RestliError(403, "ACCESS_DENIED", "the member has no role at this author", 100)


def _commentary(value: Any) -> str:
    if not isinstance(value, str):
        raise RestliError(422, "INVALID_VALUE", "ERROR :: /commentary :: not a text")
    if len(value) > MAX_COMMENTARY:
        detail = f"ERROR :: /commentary :: longer than {MAX_COMMENTARY} characters"
        raise RestliError(422, "INVALID_VALUE", detail)
    return value


def _duplicate(twin: Post) -> Answer:
    """Return the answer that names the post already there; its shape differs from all others."""
    code = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    thrower = "com.linkedin.content.common.exception.BadRequestResponseException"
    value = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": f"{thrower}: Content is a duplicate of {twin.external_id}",
        "errorDetails": {"inputErrors": [code]},
        "status": 422,
    }
    return json_answer(422, value)


STAND_IN = LinkedIn
