"""A rule says what it took: what no rule took is undecided and named, whatever else a rule says of the change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve

from mx_changeclass import compare
from mx_changeclass.changes.change import Added, Change, Changed, Changes, Removed
from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import PolicyError, RuleError
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.domain import Entity
from mx_changeclass.model.kinds.pages import Page
from mx_changeclass.model.snapshot import Rows, Snapshot, Tree
from mx_changeclass.policy import Policy
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.release import Release, SyncChange
from mx_changeclass.rules.engine.rule import RULES, Detail, In, Rule, rule
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, NONE, OTA_SAFE, Hazard, Maybe
from tests.cases import TEMPLATE, Case, base_project, rule_cases, through_xml

UNKNOWN = "zorkUnknown"
POLICY = Policy(native_template=TEMPLATE)

# Where a key that no version knows is not undecided, by the beginning of the type of its row, and why.
EXCEPTIONS: Mapping[str, str] = {
    "File$": "its keys are made by the readers of this package; no version of Mendix brings another one",
}


@pytest.fixture(scope="module")
def base() -> Snapshot:
    return through_xml(base_project(), "base")


def loader(rows: Rows) -> Callable[[], Rows]:
    return lambda: rows


def with_props(snapshot: Snapshot, row_id: str, props: Mapping[str, Any]) -> Snapshot:
    """The snapshot with more keys on one row."""
    for unit_id, unit in snapshot.units.items():
        rows = snapshot.rows(unit_id)
        if any(row.id == row_id for row in rows):
            changed = tuple(evolve(r, props={**r.props, **props}) if r.id == row_id else r for r in rows)
            edited = evolve(unit, digest=f"{unit.digest} {sorted(props)}", load=loader(changed))
            return evolve(snapshot, units={**snapshot.units, unit_id: edited})
    raise LookupError(row_id)


def row_ids(snapshot: Snapshot) -> dict[tuple[str, str, str], str]:
    """A row of each type of each type of document of each module."""
    found: dict[tuple[str, str, str], str] = {}
    for unit_id, unit in snapshot.live.items():
        for row in snapshot.rows(unit_id):
            found.setdefault((snapshot.module(unit_id), unit.type, row.type), row.id)
    return found


def named(snapshot: Snapshot, type_name: str, name: str) -> str:
    return next(r.id for r in snapshot.table.values() if (r.type, r.name) == (type_name, name))


def undecided(verdict: Verdict) -> list[str]:
    return [f.message for f in verdict.findings if f.rule.undecided]


def said(verdict: Verdict) -> set[str]:
    return {f.rule.id for f in verdict.findings}


# -- the law ----------------------------------------------------------------------------------------


def test_an_unknown_key_on_any_row_is_undecided_and_named(base: Snapshot) -> None:
    places = row_ids(base)
    assert {t.partition("$")[0] for _, _, t in places} >= {"DomainModels", "Navigation", "Pages", "Microflows", "File"}
    wrong: list[object] = []
    decided: list[tuple[tuple[str, str, str], set[str]]] = []
    for place, row_id in places.items():
        verdict = classify(diff(base, with_props(base, row_id, {UNKNOWN: "banana"})), POLICY)
        told = any(UNKNOWN in message for message in undecided(verdict))
        counted = (verdict.accountability.fallback, verdict.accountability.unexplained) == (1, 0)
        if not (told and counted):
            (decided if place[2].startswith(tuple(EXCEPTIONS)) else wrong).append((place, said(verdict)))
    assert wrong == []
    assert {e for e in EXCEPTIONS if any(t.startswith(e) for (_, _, t), _ in decided)} == set(EXCEPTIONS)


@pytest.mark.parametrize("case", [c for c in rule_cases() if c.id.endswith(" hit")], ids=lambda case: case.id)
def test_an_unknown_key_beside_what_a_rule_tells_is_undecided_and_named(case: Case) -> None:
    changes = diff(*case.sides())
    own = [c for c in changes if isinstance(c, Changed) and "$content" not in c.fields and _model(c)]
    told = " ".join(undecided(classify(_with_unknown(changes, own), case.policy)))
    assert set(re.findall(rf"{UNKNOWN}\d+", told)) == {f"{UNKNOWN}{i}" for i in range(len(own))}


def _model(change: Change) -> bool:
    return not change.row.type.startswith(tuple(EXCEPTIONS))


def _with_unknown(changes: Changes, own: list[Changed[Kind]]) -> Changes:
    """The changes with a further field in each of some; each has a name of its own."""
    more = {
        id(c): evolve(
            c,
            new_row=evolve(c.new_row, props={**c.new_row.props, f"{UNKNOWN}{i}": "banana"}),
            fields=c.fields | {f"{UNKNOWN}{i}"},
        )
        for i, c in enumerate(own)
    }
    rows = {**changes.new_tree.rows, **{c.new_row.id: c.new_row for c in more.values()}}
    tree = Tree(changes.new_tree.snapshot, changes.new_tree.unit_of, rows)
    return evolve(changes, meaningful=tuple(more.get(id(c), c) for c in changes), new_tree=tree)


# -- what a rule takes ------------------------------------------------------------------------------


@pytest.fixture
def house() -> Iterator[None]:
    """Rules that a test declares are gone after it."""
    catalogue()
    kept = dict(RULES)
    yield
    RULES.clear()
    RULES.update(kept)


def pages(base: Snapshot, **props: Any) -> Changes:
    """A page of the base project with other keys."""
    return diff(base, with_props(base, named(base, "Pages$Page", "Customer_View"), props))


def asked(changes: Changes, *rules: str) -> Verdict:
    return classify(changes, POLICY, rules=[catalogue()[r] for r in rules])


@pytest.mark.usefixtures("house")
def test_a_rule_takes_what_it_names_what_it_saw_or_the_whole_and_else_nothing(base: Snapshot) -> None:
    @rule(OTA_SAFE, source="test", on="popupWidth")
    def by_name(change: Changed[Page], release: Release) -> bool:
        """Title

        Reason.
        """
        return True

    @rule(OTA_SAFE, source="test")
    def by_detail(change: Changed[Page], release: Release) -> Detail:
        """Title

        Reason.
        """
        return detail_of(change, release, ["popupWidth"])

    @rule(OTA_SAFE, source="test", whole=True)
    def as_a_whole(change: Changed[Page], release: Release) -> bool:
        """Title

        Reason.
        """
        return True

    @rule(OTA_SAFE, source="test")
    def in_passing(change: Changed[Page], release: Release) -> str:
        """Title

        Reason.
        """
        return "seen"

    changes = pages(base, popupWidth=7, popupHeight=8, **{UNKNOWN: "banana"})
    left = {r: undecided(asked(changes, r)) for r in ("by-name", "by-detail", "as-a-whole", "in-passing")}
    told = {r: [k for k in ("popupHeight", "popupWidth", UNKNOWN) if k in " ".join(m)] for r, m in left.items()}
    assert told == {
        "by-name": ["popupHeight", UNKNOWN],
        "by-detail": ["popupHeight", UNKNOWN],
        "as-a-whole": [UNKNOWN],
        "in-passing": ["popupHeight", "popupWidth", UNKNOWN],
    }
    counts = {r: asked(changes, r).accountability for r in told}
    assert {r: (a.explained, a.fallback, a.unexplained) for r, a in counts.items()} == {
        r: (3 - len(t), len(t), 0) for r, t in told.items()
    }


@pytest.mark.usefixtures("house")
def test_a_rule_that_names_an_unknown_key_takes_it_and_others_do_not_see_it(base: Snapshot) -> None:
    seen: list[frozenset[str]] = []

    @rule(NEEDS_REDEPLOY, source="test", on=("zork*", "url"))
    def of_the_house(change: Changed[Page], release: Release) -> bool:
        """Title

        Reason.
        """
        return True

    @rule(OTA_SAFE, source="test", whole=True)
    def general(change: Changed[In[Page]], release: Release) -> bool:
        """Title

        Reason.
        """
        seen.append(change.fields)
        return True

    verdict = asked(pages(base, popupWidth=7, **{UNKNOWN: "banana"}), "of-the-house", "general")
    assert (undecided(verdict), said(verdict), seen) == ([], {"of-the-house", "general"}, [frozenset({"popupWidth"})])


@pytest.mark.usefixtures("house")
def test_a_special_rule_stands_in_for_a_general_one_as_far_as_it_takes(base: Snapshot) -> None:
    @rule(OTA_SAFE, source="test", on="popupWidth", instead_of="general")
    def special(change: Changed[Page], release: Release) -> bool:
        """Title

        Reason.
        """
        return True

    @rule(FULL_RELEASE, source="test")
    def general(change: Changed[Page], release: Release) -> str:
        """Title

        Reason.
        """
        return detail_of(change, release) if any(f.startswith("popup") for f in change.fields) else ""

    rules = ("special", "general")
    assert said(asked(pages(base, popupWidth=7), *rules)) == {"special"}
    both = asked(pages(base, popupWidth=7, popupHeight=8), *rules)
    assert said(both) == {"special", "general"}
    assert "popup width" not in next(f.message for f in both.findings if f.rule.id == "general")
    assert (undecided(both), both.accountability.fallback) == ([], 0)


# -- the catalogue ----------------------------------------------------------------------------------


def declare() -> None:
    @rule(FULL_RELEASE, source="test", on="popupWidth")
    def late_rule(change: Changed[Page], release: Release) -> bool:
        """Width of a page changed

        We want to see it.
        """
        return True


@pytest.mark.usefixtures("house")
def test_a_rule_declared_after_a_comparison_is_heard_and_may_be_declared_again(base: Snapshot) -> None:
    changes = pages(base, popupWidth=7)
    assert "late-rule" not in said(classify(changes, POLICY))
    declare()
    first = catalogue()["late-rule"]
    declare()
    assert catalogue()["late-rule"] is not first
    assert {"late-rule", "page-popup"} <= said(classify(changes, POLICY))


@pytest.mark.usefixtures("house")
def test_a_rule_does_not_take_the_id_of_another_one() -> None:
    def page_popup(change: Changed[Page], release: Release) -> bool:
        """Width of a page changed

        We want to see it.
        """
        return True

    shipped = catalogue()["page-popup"]
    with pytest.raises(RuleError, match="page-popup"):
        rule(FULL_RELEASE, source="test", on="popupWidth")(page_popup)
    assert catalogue()["page-popup"] is shipped


def test_the_catalogue_is_an_argument_and_the_fallback_is_part_of_any(base: Snapshot) -> None:
    new = with_props(base, named(base, "Pages$Page", "Customer_View"), {"popupWidth": 7})
    few = {r.id: r for r in catalogue().values() if r.chapter != "page"}
    for rules in (few, few.values(), ()):
        verdict = compare(base, new, POLICY, rules=rules)
        assert (said(verdict), verdict.accountability.fallback) == ({"agg-unknown-type"}, 1)
    assert said(compare(base, new, POLICY)) == {"page-popup"}


# -- a rule that raises -----------------------------------------------------------------------------


def raising(error: type[BaseException], **words: Any) -> Rule:
    def broken_rule(change: Changed[Kind] | SyncChange | Removed[Entity] | Added[Entity], release: Release) -> bool:
        """Title

        Reason.
        """
        raise error("secret of the model")

    claims: dict[str, Any] = {"channel": OTA_SAFE, "source": "test", "whole": True} | words
    rule(**claims)(broken_rule)
    return RULES["broken-rule"]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"channel": NONE}, ("agg-failed-rule", "NEEDS_REDEPLOY")),
        ({"channel": FULL_RELEASE}, ("agg-failed-rule-binary", "FULL_RELEASE")),
        ({"hazard": Hazard.VALUE_LOSS}, ("agg-failed-rule-in-sync-set", "DESTRUCTIVE")),
    ],
)
def test_a_rule_that_raises_is_an_undecided_finding_and_the_others_speak(
    words: Mapping[str, Any], expected: tuple[str, str], base: Snapshot
) -> None:
    raising(KeyError, **words)
    verdict = classify(pages(base, popupWidth=7), POLICY)
    (finding,) = [f for f in verdict.findings if f.rule.undecided]
    assert (finding.rule.id, finding.release_class.name, finding.subject) == (*expected, "Field.Customer_View")
    assert "broken-rule" in finding.message
    assert "KeyError" in finding.message
    assert "secret" not in finding.message
    assert "page-popup" in said(verdict)


@pytest.mark.usefixtures("house")
def test_a_rule_that_raises_takes_nothing(base: Snapshot) -> None:
    verdict = classify(pages(base, popupWidth=7), POLICY, rules=[raising(ValueError)])
    assert (said(verdict), verdict.accountability.fallback) == ({"agg-failed-rule", "agg-unknown-type"}, 1)


@pytest.mark.usefixtures("house")
def test_a_rule_that_raises_over_what_devices_hold_may_hide_a_loss(base: Snapshot) -> None:
    row = named(base, "DomainModels$Entity", "Order")
    changes = diff(base, with_props(base, row, {"dataStorageGuid": "00000000-0000-0000-0000-00000000000f"}))
    verdict = classify(changes, POLICY, rules=[raising(RecursionError)])
    assert {"agg-failed-rule-in-sync-set", "agg-unknown-in-sync-set"} == said(verdict)


@pytest.mark.usefixtures("house")
def test_an_interruption_is_no_failure_of_a_rule(base: Snapshot) -> None:
    raising(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        classify(pages(base, popupWidth=7), POLICY)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("answer", [3, [], ["popupWidth"], None, b"yes"])
def test_what_is_no_answer_is_a_failure(answer: Any, base: Snapshot) -> None:
    def broken_rule(change: Changed[Page], release: Release) -> Any:
        """Title

        Reason.
        """
        return answer

    rule(OTA_SAFE, source="test", whole=True)(broken_rule)
    verdict = classify(pages(base, popupWidth=7), POLICY, rules=[RULES["broken-rule"]])
    assert (said(verdict), verdict.accountability.fallback) == ({"agg-failed-rule", "agg-unknown-type"}, 1)
    failed = next(f for f in verdict.findings if f.rule.id == "agg-failed-rule")
    assert f"broken-rule failed ({type(answer).__name__} is no answer)" in failed.message


# -- a rule that is declared wrongly ----------------------------------------------------------------


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"hazard": "strandd"}, "hazard cannot be 'strandd'. Use one of Hazard.NONE, .*Hazard.STRANDED"),
        ({"hazard": "stranded"}, "hazard cannot be 'stranded'"),  # a text, and ``is`` would not know it
        ({"hazard": Maybe.NO}, "hazard cannot be"),
        ({"channel": DESTRUCTIVE}, "channel cannot be .*Use one of .*ReleaseClass.FULL_RELEASE$"),
        ({"channel": "OTA_SAFE"}, "channel cannot be 'OTA_SAFE'"),
        ({"requires": "drain"}, "requires cannot be 'drain'. Use one of .*Requires.DRAIN"),
        ({"breaks_old_clients": True}, "breaks_old_clients cannot be True. Use one of Maybe.YES"),
        ({"server_data_loss": None}, "server_data_loss cannot be None"),
        ({"certainty": "sure"}, "certainty cannot be 'sure'. Use one of Certainty.DOCUMENTED"),
        ({"at_most": 4}, "at_most cannot be 4"),
        ({"since": "banana"}, "'banana' is no version. Write"),
        ({"until": "10.24.9; soon"}, "'10.24.9; soon' is no version"),
        ({"whole": True, "on": "name"}, "it takes .*Leave one of the two out"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(words: dict[str, Any], problem: str) -> None:
    with pytest.raises(RuleError, match=f"^rule broken-rule: {problem}"):
        raising(KeyError, **({} if "on" in words else {"whole": False}) | words)
    assert "broken-rule" not in RULES


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        ("Removed[str]", "str is no kind"),
        ("Removed", ""),
        ("Changed[In[int]]", "int is no kind"),
        (int, "cannot be heard"),
        ("Changed[Pagee]", "'Pagee' is not defined"),
        ("Chnaged[Page]", "'Chnaged' is not defined"),
        (None, ""),
    ],
)
def test_what_cannot_be_heard_is_refused_with_what_can(annotation: Any, problem: str) -> None:
    def broken_rule(change: Any, release: Release) -> bool:
        """Title

        Reason.
        """
        return True

    broken_rule.__annotations__["change"] = annotation
    if annotation is None:
        del broken_rule.__annotations__["change"]
    with pytest.raises(
        RuleError, match=rf"^rule broken-rule: its first argument .*{problem}.*Changed\[In\[K\]\].*Release"
    ):
        rule(OTA_SAFE, source="test")(broken_rule)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("word", ["instead_of", "clears_break_of", "noise"])
def test_a_name_of_nothing_is_seen_when_the_catalogue_is_put_together(word: str, base: Snapshot) -> None:
    broken = raising(KeyError, **{word: "page-popupp"})
    problem = f"^rule broken-rule: {word} names 'page-popupp', which is not there"
    with pytest.raises(RuleError, match=problem):
        catalogue()
    del RULES["broken-rule"]
    with pytest.raises(RuleError, match=problem):
        classify(diff(base, base), rules=[broken])


def test_what_is_no_rule_and_no_policy_is_refused(base: Snapshot) -> None:
    wrong: Any = ["page-popup"]
    with pytest.raises(RuleError, match="'page-popup' is no rule"):
        compare(base, base, rules=wrong)
    with pytest.raises(RuleError, match="'declare' is no rule"):
        compare(base, base, rules=(declare,))  # type: ignore[arg-type]
    table: Any = {"strict_types": True}
    with pytest.raises(PolicyError, match=r"dict is no policy\. Policy\.of\(\)"):
        compare(base, base, table)
    with pytest.raises(PolicyError, match="dict is no policy"):
        classify(diff(base, base), table)
