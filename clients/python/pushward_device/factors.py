"""The factors that this device holds. Nothing here asks the server."""

from pushward_device.keystore import KeyStore
from pushward_device.models import Factor


class Factors:
    """What is in this device's store."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    def all(self) -> tuple[Factor, ...]:
        """Every factor, oldest first."""
        return self._store.factors()

    def get(self, factor_sid: str) -> Factor:
        """One factor. Raises FactorUnknownError."""
        return self._store.factor(factor_sid)

    def public_key_spki_b64(self, factor_sid: str) -> str:
        """The factor's public key, SPKI DER in base64: what checks its receipts."""
        return self._store.public_key_spki_b64(self._store.factor(factor_sid).key_id)
