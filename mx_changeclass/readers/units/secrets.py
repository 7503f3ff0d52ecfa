"""Values that reach no output: they are sealed while a unit is read, so nothing behind the reader holds them.

Source: docs/storage.md, "Secrets". A seal is a short salted digest of 16 bits: it shows
that a value changed, and so many values share it that none can be told from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from attrs import evolve

from mx_changeclass.model.metamodel import property_of
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.model.types import CONSTANT
from mx_changeclass.regex import regex

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
        ("Rest$BasicAuthenticationScheme", "username"),
        ("DatabaseConnector$ConnectionString", "value"),
        ("DatabaseConnector$ConnectionParameterMapping", "value"),
        ("DatabaseConnector$ValueAsString", "value"),
        ("DatabaseConnector$QueryParameter", "defaultValue"),
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
    "connectionstring",
    "accesstoken",
    "apikey",
    "testvalue",  # of a REST parameter or body: what a developer calls the service with
)
_HARMLESS = frozenset({"passwordPolicySettings"})
_SEAL = "sealed:"
# In any text: who signs in with an address, and a parameter whose name says what it is, of an address or of a
# connection string. A port is no password, and the user of git over ssh no secret.
_SIGNED_IN = regex(
    r"""(?<=://)(?!git@|sealed:)(?:[^\s/?#"'<>]{1,400}|[^\s/:@?#"'<>]{0,200}:(?!\d{1,5}[/?#])[^\s"'<>@]{1,400})(?=@)"""
)
_PARAMETER = regex(
    r"""([?&;#][\w.-]{0,40}(?:token|secret|password|passwd|pwd|key|sig|signature)=)(?!sealed:|\{\d)([^\s&#;"'<>]{1,800})""",
    re.IGNORECASE,
)
# Bytes without these hold neither; to look at each text would cost a third more.
_NAMED = regex(rb"=(?<=(?:en|et|rd|wd|ey|ig|re)=)", re.IGNORECASE)  # the ends of the words above
_WORDS = regex(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING = frozenset({"key", "keys", "token", "tokens", "secret", "secrets", "password", "credential", "credentials"})


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
    return _seal(repr(value))


def _seal(text: str) -> str:
    return _SEAL + hashlib.sha256(f"mx-changeclass:{text}".encode(errors="surrogatepass")).hexdigest()[:4]


def may_hold_credentials(content: bytes) -> bool:
    """Whether a text of these bytes can hold what ``without_credentials`` seals, as far as a glance tells."""
    return b"://" in content or _NAMED.search(content) is not None


def without_credentials(rows: Iterable[Element]) -> Rows:
    """Rows without the credentials that addresses and connection strings carry in any of their texts, and
    without design tokens (``token.<name>``) whose name says that they are a key, a token or a secret."""
    return tuple(map(_clean, rows))


def _clean(row: Element) -> Element:
    changed = {
        k: clean
        for k, v in row.props.items()
        if (type(v) is not str or "=" in v or "://" in v or k.startswith("token."))
        and (clean := _clean_value(k, v)) is not v
    }
    return evolve(row, props={**row.props, **changed}) if changed else row


def _clean_value(key: str, value: Any) -> Any:
    """The value itself where there is nothing to seal."""
    if isinstance(value, str):
        if key.startswith("token.") and not value.startswith(_SEAL) and _tells_of_secret(key.removeprefix("token.")):
            return sealed(value)
        return clean_text(value)
    if isinstance(value, tuple):
        clean = tuple(clean_text(v) if isinstance(v, str) else v for v in value)
        return value if clean == value else clean
    return value


def _tells_of_secret(name: str) -> bool:
    return not _TELLING.isdisjoint(word.lower() for word in _WORDS.findall(name))


def clean_text(text: str) -> str:
    """A text with the credentials in it sealed one by one; what is sealed stays as it is.

    >>> clean_text("https://api.example.com/v1?page=2")
    'https://api.example.com/v1?page=2'
    >>> clean_text("https://me:hunter2@example.com/app.git")
    'https://sealed:03f1@example.com/app.git'
    """
    if "://" not in text and "=" not in text:
        return text
    text = _SIGNED_IN.sub(lambda found: _seal(found[0]), text)
    return _PARAMETER.sub(lambda found: found[1] + _seal(found[2]), text)
