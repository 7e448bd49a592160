"""The Digest login (RFC 7616), which some CalDAV servers ask for out of the box (Baïkal, for one)."""

from hashlib import md5, sha256
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

HASHES = {"MD5": md5, "SHA-256": sha256}


def wants(challenge: str) -> bool:
    """Whether a WWW-Authenticate asks for a Digest, beside other things or not."""
    return "digest " in challenge.lower()


def digest(challenge: str, login: tuple[str, str], method: str, url: str, client: tuple[int, str]) -> str:
    """What to put into Authorization.

    `login` is user and password; `client` counts the requests made under this challenge, and adds a nonce of ours.
    Raises ValueError where the server asks for what we cannot do.
    """
    said = challenge[challenge.lower().index("digest ") + len("digest ") :]
    asked = {
        key.lower(): value for key, value in parse_keqv_list([p for p in parse_http_list(said) if "=" in p]).items()
    }
    name = asked.get("algorithm", "MD5").upper()
    if name not in HASHES or "auth" not in [qop.strip() for qop in asked.get("qop", "auth").split(",")]:
        raise ValueError(name)
    target = urlsplit(url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    (user, password), (count, cnonce), (realm, nonce) = login, client, (asked["realm"], asked["nonce"])

    def hashed(*parts: str) -> str:
        return HASHES[name](":".join(parts).encode(), usedforsecurity=False).hexdigest()

    whom, what = hashed(user, realm, password), hashed(method, path)
    counted = (f"{count:08x}", cnonce, "auth") if "qop" in asked else ()
    fields = {
        "username": user,
        "realm": realm,
        "nonce": nonce,
        "uri": path,
        "response": hashed(whom, nonce, *counted, what),
    }
    fields |= {key: asked[key] for key in ("opaque",) if key in asked}
    quoted = ", ".join(f'{key}="{value}"' for key, value in fields.items())
    return f"Digest {quoted}, algorithm={name}" + (f', qop=auth, nc={counted[0]}, cnonce="{cnonce}"' if counted else "")
