"""The pages that rules name as their source: each address is one that the documentation publishes."""

from __future__ import annotations

import re

from mx_changeclass.data import load
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.citations import with_pages

# The address of a page is the ``url`` in its head, not its place in the documentation's repository: pages on modelling
# and on the runtime stand right below their guide, release notes right below their product.
_PUBLISHED = re.compile(
    r"https://docs\.mendix\.com/(?:"
    r"refguide/[a-z0-9-]+|refguide/mobile/[a-z0-9-]+(?:/[a-z0-9-]+)*|howto/[a-z0-9-]+/[a-z0-9-]+"
    r"|releasenotes/studio-pro/\d+\.\d+|releasenotes/mobile/[a-z0-9-]+)/"
)


def test_every_address_has_the_form_of_a_published_page() -> None:
    pages: dict[str, str] = load("citations")
    ours = {key: page for key, page in pages.items() if "docs.mendix.com" in page}
    assert len(ours) > 40
    assert {key: page for key, page in ours.items() if not _PUBLISHED.fullmatch(page)} == {}


def test_release_notes_are_those_of_the_version_that_the_key_names() -> None:
    pages: dict[str, str] = load("citations")
    studio_pro = {key: page for key, page in pages.items() if re.fullmatch(r"RN\d+\.\d+", key)}
    templates = {key: page for key, page in pages.items() if re.fullmatch(r"NT\d+", key)}
    assert all(page.endswith(f"/studio-pro/{key[2:]}/") for key, page in studio_pro.items())
    assert all(page.endswith(f"/mobile/nt-{key[2:]}-rn/") for key, page in templates.items())
    assert len(studio_pro) > 15
    assert len(templates) > 5


def test_a_source_that_names_release_notes_leads_to_their_page() -> None:
    """Notes of a version that is not listed would be printed as they stand."""
    keyed = re.compile(r"(?:RN|NT)\d")
    loose = {
        f"{rule.id}: {part.strip()}"
        for rule in catalogue().values()
        for part in rule.source.split(";")
        if keyed.match(part.strip()) and "https://" not in with_pages(part.strip())
    }
    assert sorted(loose) == []
