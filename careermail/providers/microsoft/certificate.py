"""An app's certificate with its key, out of one PEM text, and when it ends."""

import re
from datetime import UTC, datetime

from careermail.errors import ProviderError

_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class Certificate:
    """The first key and the first certificate of a PEM text; `where` names it in errors, which hold nothing of it.

    Raises ProviderError (urgent) where one is missing, cannot be read, or is not the other's.
    """

    def __init__(self, pem: str, where: str) -> None:
        key, certificate = _KEY.search(pem), _CERTIFICATE.search(pem)
        if not key or not certificate:
            lacks = "a certificate" if key else "a private key without a passphrase"
            raise ProviderError(f"{where}: {lacks} is missing; it takes both, as PEM", urgent=True)
        self.key, self.certificate = key[0], certificate[0]
        self.ends = self._ends(where)

    def _ends(self, where: str) -> datetime:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from cryptography.x509 import load_pem_x509_certificate

        try:
            found = load_pem_x509_certificate(self.certificate.encode())
            key = load_pem_private_key(self.key.encode(), None)
        except (ValueError, TypeError):
            raise ProviderError(f"{where}: the PEM cannot be read; is its key encrypted?", urgent=True) from None
        if not isinstance(key, RSAPrivateKey):
            raise ProviderError(f"{where}: Microsoft takes RSA keys alone; make a certificate with one", urgent=True)
        if key.public_key() != found.public_key():
            raise ProviderError(f"{where}: the key is not the certificate's; put both of a pair there", urgent=True)
        return found.not_valid_after_utc.astimezone(UTC)
