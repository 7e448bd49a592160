"""Whom we trust: the one place where a TLS context is made, and where a failed handshake is put into words."""

import ssl
from pathlib import Path

from careermail.errors import ProviderError

# Verification is always on, so this is what an admin hears of sooner or later (OpenSSL's X509_V_ERR_*, verify.h).
_EXPIRED, _NOT_YET, _HOSTNAME, _ADDRESS = 10, 9, 62, 64
_UNKNOWN_ISSUER = {18, 19, 20, 21}
_MENDS = {
    _EXPIRED: "renew it on the server",
    _NOT_YET: "check both machines' clocks",
    _HOSTNAME: "set `{key}` to a name that the certificate bears",
    _ADDRESS: "set `{key}` to a name that the certificate bears",
    **dict.fromkeys(_UNKNOWN_ISSUER, "if the server is yours, name its authority's certificate in `ca`"),
}


def tls_context(ca: Path | None = None, *, insecure: bool = False) -> ssl.SSLContext:
    """A client's context: the system's authorities and those in the PEM file `ca`; certificate and host name verified.

    With `insecure`, neither is verified. Raises ProviderError (urgent) where `ca` cannot be read.
    """
    context = ssl.create_default_context()  # TLS 1.2 at least (RFC 8996)
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ca:
        try:
            context.load_verify_locations(ca)
        except OSError as error:  # ssl.SSLError is one, where it is no PEM file
            cause = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise ProviderError(f"the certificates in {ca} cannot be read: {cause}; mend `ca`", urgent=True) from error
    return context


def untrusted(error: ssl.SSLError, where: str, *, key: str = "host") -> ProviderError:
    """What to tell of a handshake that failed with the server at `where`; urgent where its certificate was refused.

    `key` is what names the server in the configuration.
    A handshake that broke off for another reason may go well the next time: then it is merely temporary.
    """
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ProviderError(f"TLS with {where} broke off: {error.reason}")
    mend = _MENDS.get(error.verify_code, "mend the server's certificate").format(key=key)
    return ProviderError(
        f"the certificate of {where} is refused: {error.verify_message.rstrip('.')}; {mend}", urgent=True
    )
