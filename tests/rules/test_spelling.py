"""Names are looked for in the bytes of documents as words, however many they are."""

from __future__ import annotations

import pytest

from mx_changeclass.rules.domain.identity import _spelling

OTHERS = frozenset(f"Other{i}" for i in range(100))


@pytest.mark.parametrize("others", [frozenset[str](), OTHERS], ids=["few", "many"])
@pytest.mark.parametrize(
    ("text", "found"),
    [(b"Sales.Title", True), (b"$Title/x", True), (b"Title", True), (b"Subtitle SubTitle", False), (b"Titles", False)],
)
def test_a_name_is_found_where_it_stands_on_its_own(text: bytes, found: bool, others: frozenset[str]) -> None:
    assert _spelling(others | {"Title"})(text) == found


@pytest.mark.parametrize("others", [frozenset[str](), OTHERS], ids=["few", "many"])
@pytest.mark.parametrize("name", ["a-b", "Über", "\ud800", "a b", "."])
def test_a_name_of_other_signs_is_found_wherever_it_stands(name: str, others: frozenset[str]) -> None:
    content = f"xx{name}xx".encode(errors="surrogatepass")
    assert _spelling(others | {name})(content)
    assert not _spelling(others | {name})(b"nothing")
