"""Microsoft Entra as a room: one tenant, its apps, who signs in, and the tokens that they are given.

It answers as https://learn.microsoft.com/entra/identity-platform says, and refuses with AADSTS codes. Its tokens are
JWTs that nobody signed: what counts is that they are known here.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_pem_x509_certificate
from fakes.web import Answer, Request

TENANT = "11111111-2222-3333-4444-555555555555"
DOMAIN = "example.com"
CLIENT = "00000000-aaaa-bbbb-cccc-000000000000"
DISCOVERY = "v2.0/.well-known/openid-configuration"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALL = frozenset({"Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send"})


@dataclass
class App:
    """An app registration; what it was granted holds for the whole tenant."""

    secret: str = ""
    certificate: Certificate | None = None
    granted: frozenset[str] = ALL
    public: bool = True  # public client flows are allowed

    def upload(self, pem: bytes) -> None:
        self.certificate = load_pem_x509_certificate(pem)


@dataclass(frozen=True)
class Grant:
    """What a token is good for: `person` signed in, or the app acts by itself ("")."""

    permissions: frozenset[str]
    person: str
    until: datetime


@dataclass
class Code:
    """A sign-in by device code: pending until somebody entered it."""

    scopes: frozenset[str]
    until: datetime
    person: str = ""
    declined: bool = False
    asked: int = 0


@dataclass
class Login:
    """The room. `now` is the clock by which tokens and codes end; `refuse` a code that every token is refused with.

    `hurried` is somebody who enters each code at once, and consents to no more than `allows`.
    """

    now: Callable[[], datetime]
    apps: dict[str, App] = field(default_factory=lambda: {CLIENT: App()})
    lasts: timedelta = timedelta(hours=1)
    hurried: str = ""
    allows: frozenset[str] = ALL
    refuse: tuple[int, str] | None = None
    codes: dict[str, Code] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)  # each token request

    def __post_init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._refreshing: dict[str, tuple[str, frozenset[str]]] = {}
        self._numbers: Iterator[int] = count(1)

    # --- what people and admins do ---

    def enter(self, user_code: str, person: str) -> None:
        """Somebody enters the code and signs in."""
        self.codes[f"device-{user_code}"].person = person

    def decline(self, user_code: str) -> None:
        self.codes[f"device-{user_code}"].declined = True

    def revoke(self) -> None:
        """All access tokens are over, though they say otherwise."""
        self._grants.clear()

    def forget(self) -> None:
        """Every sign-in is over: the password was changed."""
        self._refreshing.clear()

    def grant(self, request: Request) -> Grant | None:
        """What the token of a request to Graph is good for; None for one that is not, or not any more."""
        found = self._grants.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return found if found and found.until > self.now() else None

    # --- the room ---

    def __call__(self, request: Request) -> Answer | None:
        tenant, *rest = request.steps
        kinds = {DISCOVERY: _openid, "oauth2/v2.0/token": self._token, "oauth2/v2.0/devicecode": self._device}
        if (answer := kinds.get("/".join(rest))) is None:
            return None
        if tenant not in (TENANT, DOMAIN):
            return _refused("invalid_tenant", 90002, f"Tenant '{tenant}' not found. Check to make sure you have it.")
        return answer(request)

    @staticmethod
    def _form(request: Request) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}

    def _unknown(self, form: dict[str, str]) -> Answer | None:
        if self.refuse:
            return _refused("invalid_grant", *self.refuse)
        if form.get("client_id") not in self.apps:
            return _refused("unauthorized_client", 700016, f"Application with identifier '{form.get('client_id')}'")
        return None

    def _device(self, request: Request) -> Answer:
        form = self._form(request)
        if refused := self._unknown(form):
            return refused
        name = f"C{next(self._numbers):08d}"
        self.codes[f"device-{name}"] = Code(
            _named(form) & self.allows, self.now() + timedelta(minutes=15), self.hurried
        )
        told = {"user_code": name, "device_code": f"device-{name}", "expires_in": 900, "interval": 5}
        return Answer(200, {**told, "verification_uri": "https://login.microsoft.com/device", "message": "To sign in…"})

    def _token(self, request: Request) -> Answer:
        form = self._form(request)
        self.asked.append(form)
        if refused := self._unknown(form):
            return refused
        kind = form.get("grant_type", "").rpartition(":")[2]
        return {"client_credentials": self._app, "device_code": self._by_code, "refresh_token": self._again}[kind](form)

    def _app(self, form: dict[str, str]) -> Answer:
        app = self.apps[form["client_id"]]
        if not form["scope"].endswith("/.default"):
            return _refused("invalid_scope", 1002012, "The provided value for scope is not valid.")
        if form.get("client_assertion_type") == JWT_BEARER:
            if not app.certificate or not _signed(form["client_assertion"], app.certificate):
                return _refused("invalid_client", 700027, "The certificate with identifier used to sign is not known.")
        elif not app.secret or form.get("client_secret") != app.secret:
            return _refused("invalid_client", 7000215, "Invalid client secret provided.", 401)
        return Answer(200, self._issued(app.granted, ""))

    def _by_code(self, form: dict[str, str]) -> Answer:
        code = self.codes.get(form["device_code"])
        if not self.apps[form["client_id"]].public:
            return _refused("invalid_client", 7000218, "The request body must contain client_assertion.", 401)
        if not code or code.until <= self.now():
            return _refused("expired_token", 70020, "The provided value for device code is not valid.")
        code.asked += 1
        if code.declined:
            return _refused("authorization_declined", 65004, "User declined to consent to access the app.")
        if not code.person:
            return _refused("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending.")
        return Answer(200, self._for(code.person, code.scopes))

    def _again(self, form: dict[str, str]) -> Answer:
        if form["refresh_token"] not in self._refreshing:
            return _refused("invalid_grant", 50173, "The provided grant has expired due to it being revoked.")
        person, scopes = self._refreshing[form["refresh_token"]]
        return Answer(200, self._for(person, scopes & _named(form)))

    def _for(self, person: str, scopes: frozenset[str]) -> dict[str, Any]:
        renewing = f"refresh-{next(self._numbers)}"
        self._refreshing[renewing] = person, scopes
        claims = {"aud": CLIENT, "iss": "entra", "sub": person, "tid": TENANT, "oid": person, "ver": "2.0"}
        identity = {**claims, "preferred_username": person, "exp": 4102444800, "iat": 0}
        info = _packed({"uid": f"uid-{person.replace('@', '-')}", "utid": TENANT})
        more = {"refresh_token": renewing, "id_token": _jwt(identity), "client_info": info}
        return {**self._issued(scopes, person), **more, "scope": " ".join(scopes)}

    def _issued(self, permissions: frozenset[str], person: str) -> dict[str, Any]:
        said = {"scp": " ".join(sorted(permissions)), "upn": person} if person else {"roles": sorted(permissions)}
        token = _jwt({**said, "tid": TENANT, "uti": next(self._numbers)})
        self._grants[token] = Grant(permissions, person, self.now() + self.lasts)
        return {"token_type": "Bearer", "expires_in": int(self.lasts.total_seconds()), "access_token": token}


def _named(form: dict[str, str]) -> frozenset[str]:
    """The permissions that a form asks for, without the URL before them and without those of OpenID."""
    names = {scope.rpartition("/")[2] for scope in form.get("scope", "").split()}
    return frozenset(names - {"openid", "profile", "offline_access"})


def _openid(request: Request) -> Answer:
    base = f"https://{request.headers['host']}/{TENANT}"
    paths = {
        "token_endpoint": "token",
        "device_authorization_endpoint": "devicecode",
        "authorization_endpoint": "authorize",
    }
    return Answer(
        200, {"issuer": f"{base}/v2.0", **{name: f"{base}/oauth2/v2.0/{step}" for name, step in paths.items()}}
    )


def _refused(error: str, code: int, words: str, status: int = 400) -> Answer:
    trace = "Trace ID: 7f8c Correlation ID: 1b2d Timestamp: 2027-01-12 09:00:00Z"
    return Answer(
        status, {"error": error, "error_description": f"AADSTS{code}: {words} {trace}", "error_codes": [code]}
    )


def _signed(assertion: str, certificate: Certificate) -> bool:
    mark = urlsafe_b64encode(sha256(certificate.public_bytes(Encoding.DER)).digest()).decode().rstrip("=")
    head = jwt.get_unverified_header(assertion)
    try:
        jwt.decode(assertion, certificate.public_key(), ["PS256"], options={"verify_aud": False})  # type: ignore[arg-type]
    except jwt.InvalidTokenError:
        return False
    return head.get("x5t#S256", "").rstrip("=") == mark


def _jwt(claims: dict[str, Any]) -> str:
    return ".".join((_packed({"alg": "none", "typ": "JWT"}), _packed(claims), "unsigned"))


def _packed(said: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
