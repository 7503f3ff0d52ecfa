"""The verdict as JUnit XML: a suite a class, a test a change, a failure where the release should stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.legible import xml_text
from mx_changeclass.reports import machine_texts
from mx_changeclass.vocabulary import DESTRUCTIVE, OTA_SAFE, ReleaseClass
from mx_changeclass.wording import sentences

if TYPE_CHECKING:
    from lxml.etree import _Element


def junit(
    verdict: Verdict, *, everything: bool = False, fail_on: ReleaseClass | None = DESTRUCTIVE, maybe: bool = False
) -> str:
    """XML text. A change at or above ``fail_on`` is a failure; with None there are none, and with ``maybe`` the
    highest class counts that it may have. Where nothing changed one test says so, as CI systems take a report
    without tests for a broken run."""
    from lxml import etree

    top = etree.Element("testsuites", name="mx-changeclass")
    failed = [
        _suite(top, release_class, rows, verdict, fail_on, maybe=maybe)
        for release_class, rows in sentences.classes(verdict.rows)
    ]
    if not verdict.rows:
        silent = etree.SubElement(top, "testsuite", name=str(OTA_SAFE), tests="1", failures="0")
        etree.SubElement(silent, "testcase", classname=str(OTA_SAFE), name=sentences.headline(verdict))
    if settings := machine_texts.configuration(verdict):
        properties = etree.Element("properties")
        etree.SubElement(properties, "property", name="configuration", value=settings)
        top[0].insert(0, properties)
    top.set("tests", str(len(verdict.rows) or 1))
    top.set("failures", str(sum(failed)))
    written: bytes = etree.tostring(top, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return xml_text(written.decode())


def _suite(
    top: _Element,
    release_class: ReleaseClass,
    rows: list[Row],
    verdict: Verdict,
    fail_on: ReleaseClass | None,
    *,
    maybe: bool,
) -> int:
    """Add the suite of a class; how many of its tests fail. A test that would but is waived is skipped."""
    from lxml import etree

    failing = {id(r) for r in rows if fail_on is not None and (r.at_most if maybe else r.release_class) >= fail_on}
    waived = {id(r): told for r in rows if id(r) in failing and (told := machine_texts.waived(r, verdict))}
    failed = len(failing) - len(waived)
    suite = etree.SubElement(top, "testsuite", name=str(release_class), tests=str(len(rows)), failures=str(failed))
    if waived:
        suite.set("skipped", str(len(waived)))
    for row in rows:
        rule, heading, why = sentences.deciding(row).rule, machine_texts.heading(row), machine_texts.message(row)
        test = etree.SubElement(
            suite, "testcase", classname=f"{release_class}.{rule.id}", name=f"{heading} [{row.fingerprint}]"
        )
        if id(row) in waived:
            etree.SubElement(test, "skipped", message=waived[id(row)]).text = why
        elif id(row) in failing:
            etree.SubElement(test, "failure", type=rule.id, message=heading).text = why
        else:
            etree.SubElement(test, "system-out").text = why
    return failed
