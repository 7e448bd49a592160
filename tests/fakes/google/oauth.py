"""Google's accounts as they look from outside: consent, tokens and their deaths, service accounts and delegation.

A room of `web.Web`. It answers as oauth2.googleapis.com/token, accounts.google.com/o/oauth2/auth and
iamcredentials.googleapis.com do; the other rooms ask it who a token stands for.
"""

import json
import time
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fakes.web import Answer, Request
from google.auth import crypt, jwt

SCOPE = "https://www.googleapis.com/auth/"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
A_WEEK = 604799  # what an app in "Testing" is told of its refresh tokens
AUDIENCE = "https://oauth2.googleapis.com/token"


@dataclass(frozen=True)
class Grant:
    """What a token stands for."""

    account: str
    scopes: frozenset[str]
    robot: bool = False  # a service account by itself, without a subject


@dataclass
class Robot:
    """A service account: its client id, and the scopes that the Admin console lets it use for whomever it names."""

    email: str
    client_id: str
    delegated: set[str] = field(default_factory=set)
    signers: set[str] = field(default_factory=set)  # who may sign as it (Service Account Token Creator)
    keyed: bool = True


class Accounts:
    """All of it. `people` are the addresses that exist; what is changed here takes hold at the next request."""

    def __init__(self, *people: str) -> None:
        self.people = set(people)
        self.clients = {"client-1.apps.googleusercontent.com": "shhh-the-client"}
        self.robots: dict[str, Robot] = {}
        self.refresh: dict[str, Grant] = {}
        self.access: dict[str, Grant] = {}
        self.codes: dict[str, tuple[Grant, str]] = {}  # and the challenge that its verifier must meet
        self.lifetime: int | None = None  # seconds that a refresh token of this app lives, if it is told
        self.unticked: set[str] = set()  # scopes that people leave unticked on the consent screen
        self.signed_in = ""  # who is at the browser; "" for whomever the link hints at
        self.dead: dict[str, str] = {}  # the error_subtype, by account, of refresh tokens that have died
        self.disabled = set[str]()  # APIs that are not enabled in the project
        self.rotates = False
        self._numbers = count(1)

    # --- what tests hand to the provider ---

    def client(self, url: str) -> str:
        """The JSON of an OAuth client of the kind "Desktop app", as the console lets one download it."""
        ((client, secret),) = self.clients.items()
        uris = {"auth_uri": f"{url}/o/oauth2/auth", "token_uri": f"{url}/token", "redirect_uris": ["http://localhost"]}
        return json.dumps({"installed": {"client_id": client, "client_secret": secret, "project_id": "p-1", **uris}})

    def consent(self, account: str, scopes: Iterable[str]) -> str:
        """The refresh token of somebody who allowed this."""
        token = f"1//refresh-{next(self._numbers)}"
        self.refresh[token] = Grant(account, frozenset(scopes))
        return token

    def robot(self, email: str, *delegated: str) -> Robot:
        self.robots[email] = Robot(email, f"1000{len(self.robots)}", set(delegated))
        return self.robots[email]

    def key(self, robot: Robot, url: str) -> str:
        """The JSON of a service account's key."""
        told = {"client_id": robot.client_id, "client_email": robot.email, "project_id": "p-1", "private_key_id": "k1"}
        return json.dumps({"type": "service_account", **told, "private_key": pem()[0], "token_uri": f"{url}/token"})

    def authorized_user(self, account: str, url: str) -> str:
        """The application default credentials of somebody, as gcloud leaves them."""
        ((client, secret),) = self.clients.items()
        told = {"client_id": client, "client_secret": secret, "refresh_token": self.consent(account, [CLOUD])}
        return json.dumps({"type": "authorized_user", **told, "token_uri": f"{url}/token"})

    def die(self, account: str, subtype: str = "") -> None:
        """All refresh tokens of somebody stop to work."""
        self.dead[account] = subtype
        self.forget()

    def forget(self) -> None:
        """Every access token has run out."""
        self.access.clear()

    # --- what the other rooms ask ---

    def bearer(self, request: Request) -> Grant | None:
        """Whom a request comes from; None where its token is none, or has run out."""
        return self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))

    # --- the room ---

    def __call__(self, request: Request) -> Answer | None:
        if request.path == "/token":
            return self._token(_form(request))
        if request.path == "/o/oauth2/auth":
            return self._ask(request)
        if request.path.endswith(":signJwt"):
            return self._sign(request)
        return None

    def _token(self, form: dict[str, str]) -> Answer:
        if form["grant_type"] == JWT_BEARER:
            return self._of_robot(form["assertion"])
        if self.clients.get(form["client_id"]) != form["client_secret"]:
            return _refused("invalid_client", "The OAuth client was not found.", status=401)
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form)
        grant, challenge = self.codes.pop(form["code"], (None, ""))
        if grant is None or _challenge(form.get("code_verifier", "")) != challenge:
            return _refused("invalid_grant", "Bad Request")
        return self._granted(grant, self.consent(grant.account, grant.scopes))

    def _refreshed(self, form: dict[str, str]) -> Answer:
        grant = self.refresh.get(form["refresh_token"])
        if grant is None:
            return _refused("invalid_grant", "Token has been expired or revoked.")
        if grant.account in self.dead:
            subtype = self.dead[grant.account]
            words = "reauth related error (invalid_rapt)" if subtype else "Token has been expired or revoked."
            return _refused("invalid_grant", words, **({"error_subtype": subtype} if subtype else {}))
        if grant.account not in self.people:
            return _refused("invalid_grant", "Account has been deleted")
        wanted = set(form.get("scope", "").split()) or set(grant.scopes)
        if not wanted <= grant.scopes:
            return _refused("invalid_scope", "Bad Request")
        again = self.consent(grant.account, grant.scopes) if self.rotates else ""
        return self._granted(Grant(grant.account, frozenset(wanted)), again)

    def _of_robot(self, assertion: str) -> Answer:  # noqa: PLR0911 (Google has as many ways to refuse)
        claims = json.loads(_decoded(assertion.split(".")[1]))
        robot = self.robots.get(claims["iss"])
        if robot is None:
            return _refused("invalid_grant", "Invalid grant: account not found")
        if not robot.keyed or not _signed(assertion):
            return _refused("invalid_grant", "Invalid JWT Signature.")
        if not claims["aud"].endswith("/token") or not claims["iat"] - 300 < time.time() < claims["exp"]:
            return _refused("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
        scopes, subject = frozenset(claims["scope"].split()), claims.get("sub", "")
        if not subject:
            return self._granted(Grant(robot.email, scopes, robot=True))
        if subject not in self.people:
            return _refused("invalid_grant", "Invalid email or User ID")
        if not scopes <= robot.delegated:
            words = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for"
            return _refused("unauthorized_client", f"{words} any of the scopes requested.", status=401)
        return self._granted(Grant(subject, scopes))

    def _granted(self, grant: Grant, refresh: str = "") -> Answer:
        token = f"ya29.access-{next(self._numbers)}"
        self.access[token] = grant
        told: dict[str, Any] = {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}
        told["scope"] = " ".join(sorted(grant.scopes))
        if refresh:
            told["refresh_token"] = refresh
        if refresh and self.lifetime:
            told["refresh_token_expires_in"] = self.lifetime
        return Answer(200, told)

    def _ask(self, request: Request) -> Answer:
        """The consent screen, answered at once by whoever is signed in."""
        if request.first("client_id") not in self.clients:
            return Answer(401, b"Error 401: invalid_client")
        back, state = request.first("redirect_uri"), request.first("state")
        account = self.signed_in or request.first("login_hint")
        if account not in self.people:
            return Answer(302, None, {"Location": f"{back}?{urlencode({'error': 'access_denied', 'state': state})}"})
        scopes = frozenset(request.first("scope").split()) - self.unticked
        assert (request.first("access_type"), request.first("prompt")) == ("offline", "consent")
        code = f"4/code-{next(self._numbers)}"
        self.codes[code] = Grant(account, scopes), request.first("code_challenge")
        told = urlencode({"code": code, "state": state, "scope": " ".join(sorted(scopes))})
        return Answer(302, None, {"Location": f"{back}?{told}"})

    def _sign(self, request: Request) -> Answer:
        who, robot = self.bearer(request), self.robots.get(request.steps[-1].removesuffix(":signJwt"))
        if "iamcredentials.googleapis.com" in self.disabled:
            return not_enabled("iamcredentials.googleapis.com", "IAM Service Account Credentials API")
        if not who or not robot or who.account not in robot.signers:
            words = "Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist)."
            return Answer(403, {"error": {"code": 403, "message": words, "status": "PERMISSION_DENIED"}})
        signed: bytes = jwt.encode(crypt.RSASigner.from_string(pem()[0], "k2"), json.loads(request.json["payload"]))
        return Answer(200, {"keyId": "k2", "signedJwt": signed.decode()})


CLOUD = f"{SCOPE}cloud-platform"


def not_enabled(service: str, title: str) -> Answer:
    """What an API says that the project has not enabled."""
    page = f"https://console.developers.google.com/apis/api/{service}/overview?project=1234"
    words = f"{title} has not been used in project 1234 before or it is disabled. Enable it by visiting {page} then"
    words += " retry."
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
    info |= {"domain": "googleapis.com", "metadata": {"service": service, "activationUrl": page}}  # type: ignore[dict-item]
    errors = [{"message": words, "domain": "usageLimits", "reason": "accessNotConfigured", "extendedHelp": page}]
    error = {"code": 403, "message": words, "status": "PERMISSION_DENIED", "errors": errors, "details": [info]}
    return Answer(403, {"error": error})


def _form(request: Request) -> dict[str, str]:
    """What was asked; the client may be named by HTTP's Basic authentication too (RFC 6749, 2.3.1)."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    client = b64decode(said).decode().split(":") if kind == "Basic" else []
    return form | dict(zip(("client_id", "client_secret"), map(unquote, client), strict=False))


def _refused(error: str, words: str, *, status: int = 400, **more: str) -> Answer:
    return Answer(status, {"error": error, "error_description": words, **more})


@cache
def pem() -> tuple[str, bytes]:
    """A key of this run's, private and public."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (it is loaded at each login)
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.decode(), key.public_key().public_bytes(serialization.Encoding.PEM, spki)


def _signed(assertion: str) -> bool:
    head, claims, signature = assertion.split(".")
    verifier = crypt.RSAVerifier.from_string(pem()[1])
    return bool(verifier.verify(f"{head}.{claims}".encode(), _decoded(signature)))


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
