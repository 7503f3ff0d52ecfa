"""Which commits of a range may go out now on top of what is released, and in which order: a patch branch is cut at
what is released, and single commits are picked onto it. Nothing is merged here, and no repository is written to.

Each commit is compared with the one before it; those that may go are made again on the released version, three ways,
and each time the whole is classified. Nothing after an upgrade of Studio Pro that is above the bar can be picked, so
nothing after it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import define, evolve, field

from mx_changeclass.changes.change import Added, Changed, Changes, Removed
from mx_changeclass.changes.diff import diff
from mx_changeclass.changes.rebase import Conflict, cherry_pick
from mx_changeclass.errors import ReadError
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.findings.hotfix import Choice, Hotfix, Need, channel_note, is_above
from mx_changeclass.findings.parts import Needs, Parts
from mx_changeclass.model.commits import Commit
from mx_changeclass.model.snapshot import Element, Snapshot
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.vocabulary import ReleaseClass

Read = Callable[[str], Snapshot]  # the model as a commit left it; raises ReadError
_LATER = "saved by a newer Studio Pro"


def hotfix_by_commit(
    commits: Sequence[Commit],
    read: Read,
    policy: Policy,
    up_to: ReleaseClass,
    *,
    released: str,
    branched_at: str,
    contents: Mapping[str, str],
) -> Hotfix:
    """What may go out of some commits, oldest first, whose line left ``released`` at ``branched_at``. ``contents``
    tells by commit what stands for all that is in the project's folder: where it is what it was before, all in
    between is undone."""
    return _Picks(tuple(commits), read, policy, up_to, released, branched_at, contents).told()


@define(eq=False, slots=False)
class _Picks:
    commits: tuple[Commit, ...]
    read: Read
    policy: Policy
    up_to: ReleaseClass
    released: str
    branched_at: str
    contents: Mapping[str, str]
    needs: Needs = field(init=False)
    own: dict[str, Verdict] = field(factory=dict, init=False)  # each commit that was read, by itself
    steps: dict[str, Changes] = field(factory=dict, init=False)
    why: dict[str, str] = field(factory=dict, init=False)  # of those reverted, unread or late
    state: dict[str, str] = field(factory=dict, init=False)
    stops_at: str = field(default="", init=False)
    note: str = field(init=False)
    out: Snapshot = field(init=False)  # what is released
    model: Snapshot = field(init=False)  # and with what was picked
    verdict: Verdict = field(init=False)

    def __attrs_post_init__(self) -> None:
        import networkx

        self.needs = networkx.DiGraph()
        self.out = self.model = self.read(self.released)
        self.verdict = classify(diff(self.out, self.out), self.policy)
        self.note = channel_note(self.verdict.released, self.up_to) if self.commits else ""
        if self.note:
            for commit in self.commits:
                self._set(commit.id, "late", self.note)
            return
        self._undone()
        self._look()
        self._inverse()
        self._choose()

    # -- what each commit is ---------------------------------------------------------------------

    def _undone(self) -> None:
        """Commits after which all is as it was before some of them."""
        line = [(self.branched_at, self.contents.get(self.branched_at, ""))]
        for commit in self.commits:
            content = self.contents.get(commit.id, "")
            before = next((i for i, (_, known) in enumerate(line) if content and known == content), None)
            line.append((commit.id, content))
            if before is not None:
                for gone, _ in line[before + 1 :]:
                    self._set(
                        gone, "reverted", f"undone by {commit.id}" if gone != commit.id else "undoes what came before"
                    )
                del line[before + 1 :]

    def _set(self, commit: str, state: str, why: str) -> None:
        self.state[commit], self.why[commit] = state, why

    def _look(self) -> None:
        """Read commit by commit, up to an upgrade above the bar."""
        seen, unread = _Seen(self.needs), list[str]()
        before = self.out if self.branched_at == self.released else self.read(self.branched_at)
        for commit in (c.id for c in self.commits if c.id not in self.state):
            self.needs.add_node(commit)
            if self.stops_at:
                self.needs.add_edge(commit, self.stops_at, why=_LATER)
                continue
            try:
                after = self.read(commit)
                step = diff(before, after)
                self.own[commit] = classify(step, self.policy)
            except ReadError as error:
                self._set(commit, "unread", str(error))
                unread.append(commit)
                continue
            self.steps[commit], before = step, after
            self.needs.add_edges_from(((commit, other) for other in unread), why="holds what that changed, too")
            unread.clear()
            parts = Parts(Release.of(step, self.policy))
            seen.add(commit, step, parts)
            if parts.release.version_change and is_above(self.up_to, self.own[commit]):
                self.stops_at = commit

    def _inverse(self) -> None:
        """Commits that another one takes back, though something came in between."""
        ids = [commit for commit in self.steps if commit not in self.state]
        for i, later in enumerate(ids):
            for earlier in reversed(ids[:i]):
                between = ids[ids.index(earlier) + 1 : i]
                relied = any(self.needs.has_edge(other, earlier) for other in between)
                if earlier not in self.state and not relied and _takes_back(self.steps[later], self.steps[earlier]):
                    self._set(earlier, "reverted", f"undone by {later}")
                    self._set(later, "reverted", f"undoes {earlier}")
                    self.needs.remove_nodes_from((earlier, later))
                    break
        if self.stops_at in self.state:
            self.stops_at = ""

    # -- what becomes of them ----------------------------------------------------------------------

    def _choose(self) -> None:
        from networkx import ancestors, descendants

        for commit, verdict in self.own.items():
            if commit not in self.state and is_above(self.up_to, verdict):
                self.state[commit] = "blocks"
        blocking = [commit for commit, state in self.state.items() if state in ("blocks", "unread")]
        for commit in (held for each in blocking if each in self.needs for held in ancestors(self.needs, each)):
            self.state.setdefault(commit, "held")
        for commit in (c for c in self.steps if c not in self.state):
            late = next((c for c in self.why if self.state[c] == "late" and c in descendants(self.needs, commit)), "")
            if late:
                self._set(commit, "late", f"needs {late[:12]}, which is late, too")
            else:
                self._pick(commit)

    def _pick(self, commit: str) -> None:
        made = cherry_pick(self.steps[commit], self.model)
        if not isinstance(made, Snapshot):
            self._set(commit, "late", f"in conflict with what is released: {_told(made[0], self.steps[commit])}")
            return
        left = diff(self.model, made)
        if not left.meaningful and not left.noise:
            self.state[commit] = "there"
            return
        verdict = classify(diff(self.out, made), self.policy)
        if is_above(self.up_to, verdict):
            rules = sorted({f.rule.id for f in verdict.findings if is_above(self.up_to, f)})
            self._set(commit, "late", f"means more with the others: {', '.join(rules[:3])}")
        else:
            self.state[commit], self.model, self.verdict = "pick", made, verdict

    def told(self) -> Hotfix:
        return Hotfix(
            self.up_to,
            "commit",
            self.verdict,
            proven=not is_above(self.up_to, self.verdict) and not self.verdict.accountability.unexplained,
            note=self.note,
            commits=tuple(self._choice(commit) for commit in self.commits),
            released=self.released,
            branched_at=self.branched_at,
            stops_at=self.stops_at,
        )

    def _choice(self, commit: Commit) -> Choice:
        own, state = self.own.get(commit.id), self.state[commit.id]
        told = Choice(commit, state, why=self.why.get(commit.id, ""))
        if own:
            told = evolve(told, release_class=own.release_class, at_most=own.at_most)
        if state == "blocks" and own:
            grave = [f for f in own.findings if is_above(self.up_to, f)]
            because = dict.fromkeys((f.rule.id, f.subject) for f in grave)
            return evolve(told, because=tuple(because), holds_back=sum(1 for _ in self._held_by(commit.id)))
        return evolve(told, needs=self._need(commit.id)) if state == "held" else told

    def _held_by(self, commit: str) -> Iterator[str]:
        from networkx import ancestors

        return (other for other in ancestors(self.needs, commit) if self.state.get(other) == "held")

    def _need(self, commit: str) -> Need | None:
        """What holds a commit, the one that it needs itself before those behind that."""
        from networkx import descendants

        order = [c.id for c in self.commits if self.state[c.id] in ("blocks", "unread")]
        direct = next((c for c in order if self.needs.has_edge(commit, c)), "")
        if direct:
            return Need(direct, self.needs.edges[commit, direct]["why"])
        behind = descendants(self.needs, commit)
        return next((Need(c, "through others") for c in order if c in behind), None)


@define(eq=False)
class _Seen:
    """What the commits until now touched, brought and stopped using, and so which of them the next one needs."""

    needs: Needs
    _rows: dict[str, list[tuple[str, frozenset[str] | None]]] = field(factory=lambda: defaultdict(list), init=False)
    _brought: dict[str, list[str]] = field(factory=lambda: defaultdict(list), init=False)
    _taken: dict[str, list[str]] = field(factory=lambda: defaultdict(list), init=False)
    _dropped: dict[str, list[str]] = field(factory=lambda: defaultdict(list), init=False)
    _upgrade: str = field(default="", init=False)

    def add(self, commit: str, step: Changes, parts: Parts) -> None:
        every = (*step.meaningful, *step.noise)
        was, now = parts.used
        if self._upgrade:
            self._need(commit, self._upgrade, _LATER)
        for change in every:
            if not isinstance(change, Added):
                for other, keys in self._rows.get(change.old_row.id, ()):
                    mine = _keys(change)
                    if mine is None or keys is None or mine & keys:
                        name = step.old_tree.qualified(change.old_row) or change.row.type.partition("$")[2]
                        self._need(commit, other, f"changes {name}, which it changed")
        for name in sorted(now | parts.brought):
            for other in (*self._brought.get(name, ()), *(self._taken.get(name, ()) if name in parts.brought else ())):
                self._need(commit, other, f"builds on {parts.told(name)}")
        for name in sorted(parts.taken):
            for other in self._dropped.get(name, ()):
                self._need(commit, other, f"removes {parts.told(name)}, which it stopped using")
        self._keep(commit, every, parts, was - now)

    def _keep(self, commit: str, every: Sequence[object], parts: Parts, dropped: frozenset[str]) -> None:
        for change in every:
            if isinstance(change, Added | Changed):
                self._rows[change.new_row.id].append((commit, _keys(change)))
            if isinstance(change, Removed):
                self._rows[change.old_row.id].append((commit, None))
        for table, names in ((self._brought, parts.brought), (self._taken, parts.taken), (self._dropped, dropped)):
            for name in names:
                table[name].append(commit)
        if parts.release.version_change:
            self._upgrade = commit

    def _need(self, commit: str, other: str, why: str) -> None:
        if commit != other and not self.needs.has_edge(commit, other):
            self.needs.add_edge(commit, other, why=why)


def _keys(change: object) -> frozenset[str] | None:
    """The keys of a row that a change alters; None for all of it."""
    return change.fields | change.noise.keys() if isinstance(change, Changed) else None


def _takes_back(later: Changes, earlier: Changes) -> bool:
    """Whether a step leads back to where another one started, row by row."""
    if str(later.new.version) != str(earlier.old.version):
        return False
    there, back = _edges(earlier), _edges(later)
    return bool(there) and back == {key: (new, old) for key, (old, new) in there.items()}


def _edges(step: Changes) -> dict[str, tuple[Element | None, Element | None]]:
    return {
        c.row.id: (
            None if isinstance(c, Added) else c.old_row,
            None if isinstance(c, Removed) else c.new_row,
        )
        for c in (*step.meaningful, *step.noise)
    }


def _told(conflict: Conflict, step: Changes) -> str:
    row, tree = conflict.change.row, step.tree(conflict.change)
    name = tree.qualified(tree.subject(row)) if row.id in tree.rows else row.name
    return f"{name or row.type.partition('$')[2]} {conflict.why}"
