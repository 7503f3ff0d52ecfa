"""Values that reach no output: they are sealed while a unit is read, so nothing behind the reader holds them.

Source: docs/storage.md, "Secrets". A seal is a short salted digest of 16 bits: it shows
that a value changed, and so many values share it that none can be told from it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from mx_changeclass.model.metamodel import property_of
from mx_changeclass.model.types import CONSTANT

_SECRETS = frozenset(
    {
        (CONSTANT, "defaultValue"),
        ("Settings$SharedValue", "value"),
        ("Settings$ConstantValue", "value"),
        ("Settings$Configuration", "databaseUserName"),
        ("Settings$Configuration", "extraJvmParameters"),
        ("Settings$CustomSetting", "value"),
        ("Settings$Certificate", "data"),
        ("Microflows$HttpHeaderEntry", "value"),
        ("Microflows$HttpHeaderEntry", "valueModel"),
        ("Rest$HeaderWithValueTemplate", "value"),
    }
)
_SECRET_WORDS = (
    "password",
    "secret",
    "httpauthentication",
    "proxyusername",
    "certificatedata",
    "privatekey",
    "passphrase",
)
_HARMLESS = frozenset({"passwordPolicySettings"})


@lru_cache(maxsize=1 << 14)
def is_secret(type_name: str, key: str) -> bool:
    """Whether a property of a type may hold a credential. A reference never does: it names a constant
    or a certificate, and who is named matters."""
    if (type_name, key) in _SECRETS:
        return True
    low = key.lower()
    if key in _HARMLESS or not any(word in low for word in _SECRET_WORDS):
        return False
    declared = property_of(type_name, key)
    return declared is None or declared.kind in ("attribute", "part", "partList")


def sealed(value: object, row_type: str = "") -> object:
    """A stand-in for a secret that changes when the secret does. Flags and empty values stay readable, also
    where a custom setting writes a flag as text: whether it is on decides what a release costs."""
    if isinstance(value, bool) or value in ("", (), None):
        return value
    if row_type == "Settings$CustomSetting" and str(value).strip().lower() in ("true", "false"):
        return value
    return "sealed:" + hashlib.sha256(f"mx-changeclass:{value!r}".encode()).hexdigest()[:4]
