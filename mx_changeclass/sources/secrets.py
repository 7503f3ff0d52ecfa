"""Values that reach no output: they are sealed while a unit is read, so nothing behind the reader holds them.

Source: how models are stored, section 11. A seal is a short salted digest: it shows that a value
changed, and is too short (24 bits) to confirm a guess.
"""

from __future__ import annotations

import hashlib

_SECRETS = frozenset({
    ("Constants$Constant", "defaultValue"),
    ("Settings$SharedValue", "value"),
    ("Settings$ConstantValue", "value"),
    ("Security$ProjectSecurity", "adminPassword"),
    ("Security$DemoUser", "password"),
    ("Settings$ServerConfiguration", "databasePassword"),
    ("Settings$ServerConfiguration", "databaseUserName"),
    ("Settings$ServerConfiguration", "extraJvmParameters"),
    ("Settings$CustomSetting", "value"),
    ("Microflows$HttpHeaderEntry", "value"),
})
_SECRET_WORDS = ("password", "secret", "httpauthentication", "proxyusername", "certificatedata", "privatekey", "passphrase")


def is_secret(type_name: str, key: str) -> bool:
    """Whether a property of a type may hold a credential."""
    if (type_name, key) in _SECRETS:
        return True
    low = key.lower()
    return any(word in low for word in _SECRET_WORDS)


def sealed(owner_id: str, value: object) -> object:
    """A stand-in for a secret that changes when the secret does. Flags and empty values stay readable."""
    if isinstance(value, bool) or value in ("", None):
        return value
    return "sealed:" + hashlib.sha256(f"mx-changeclass:{value!r}".encode()).hexdigest()[:6]
