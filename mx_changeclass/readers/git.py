"""Revisions and the index of a git repository, read straight from its objects: nothing is checked out.

Only plumbing that writes nothing is asked (``rev-parse``, ``cat-file``, ``ls-tree``, ``ls-files``,
``rev-list``, ``diff-tree``, ``merge-base``, ``for-each-ref``), which runs no hook, filter, driver, pager or alias that
a repository names, and nothing is fetched: what a partial clone or Git LFS left on the server is said to be missing.
Objects that stand in for others (``refs/replace``), and grafts, do not count. The environment that git gives its hooks
(``GIT_DIR``, ``GIT_INDEX_FILE``) is passed on. A name of a revision reaches git through a pipe, so it never is an
option.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
import shutil
import subprocess
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

from attrs import evolve

from mx_changeclass.errors import BrokenContainer, ReadError, UnknownFormat
from mx_changeclass.model.commits import Commit
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.readers.cache import KeptUnit, kept_units
from mx_changeclass.readers.limits import ENTRIES, LISTING_BYTES, MOST_BYTES, MOST_NOTE, TooLarge
from mx_changeclass.readers.mpr import Listed
from mx_changeclass.readers.names import FORCED, NEWEST_TAG
from mx_changeclass.readers.project_files import find_mpr, nothing, read_project
from mx_changeclass.readers.side_files.collect import wanted
from mx_changeclass.regex import regex

_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # for a git that does not know the variable above
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.path.join(os.devnull, "none"),  # which is no file; of an empty one git complains
    "LC_ALL": "C",
}
# A colon within braces belongs to the revision: HEAD@{2025-01-01 10:00}
SPEC = regex(r"((?:[^:{]|\{[^}]*\}?)*)(?::(.*))?", re.DOTALL)
_CHUNK = 1 << 20
_SAFE = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_CHECK = ("cat-file", "--buffer")  # an answer a write costs more than the answers
_POINTER_SIZES = range(120, 200)  # bytes of a Git LFS pointer
_SYMLINK, _SUBMODULE = "120000", "160000"
_OBJECT = regex(rb"([0-9a-f]{40,64}) [a-z]+ (\d+)\n")
_DAMAGE = regex("corrupt|inflate|unable to unpack|truncated")
_FOREIGN = regex(r"dubious ownership in repository at '(.*)'")
_PARTIAL = "The clone is partial: check the revision out once, or clone without --filter"
_SHALLOW = (
    "The clone is shallow: run 'git fetch --unshallow --tags', or set 'fetch-depth: 0' in GitHub Actions, "
    "'GIT_DEPTH: 0' in GitLab"
)
_RELATED = "Give a revision of the same history"
_REPAIR = "Run 'git fsck', and fetch the repository anew"
_INSTALL = "Install git, or give an existing path"
_TRUST = "If you trust it, run \"git config --global --add safe.directory '{}'\""
_ADVICE = "Give an existing path, or a revision as 'rev' or 'rev:folder'; ':' is the index"
_NO_TAG = "Run 'git fetch --tags', or give 'none' where nothing was released yet"


def read_git(spec: str, cwd: Path, label: str, *, side_files: bool = False, beside: Snapshot | None = None) -> Snapshot:
    """Read ``rev``, ``rev:path``, ``:`` or ``:path`` in the repository around ``cwd``.

    ``path`` is a project folder or an ``.mpr``, from the top of the repository (``./`` is ``cwd``).
    Without one it is the nearest folder with an ``.mpr`` at ``cwd`` or above. A folder brings the files beside the
    model; an ``.mpr`` does where ``side_files`` are asked for. What is the same in a version that was read from there
    too, ``beside`` this one, is taken over. Raises ``ReadError``.
    """
    found = SPEC.fullmatch(spec)
    if found is None or not spec.isprintable():
        raise UnknownFormat(label, "is neither an existing path nor a git revision", _ADVICE)
    revision, path = found.group(1), found.group(2)
    known = beside.source if beside is not None else None
    if isinstance(known, Revision) and known.repository.given == _given(cwd):
        repository, objects = known.repository.under(label), known.objects
    else:
        repository = Repository(cwd, label)
        objects = Objects(repository)
    with objects:
        tree = objects.tree(revision) if revision else None
        if revision == "HEAD" and tree is None and repository.is_new():
            return nothing(label)
        entries = repository.tree(revision, tree) if revision else repository.index()
        if revision == "HEAD" and not projects(entries):  # what is to be committed brings the first one
            return nothing(label)
        folder, mpr = project_in(entries, path or None, repository.prefix, label)
        place = Revision(repository, objects, entries, folder)
        project = read_project(
            place, mpr or find_mpr(place.top(), label, _ADVICE), label, form="git", side_files=side_files or not mpr
        )
    return evolve(project, folder=folder)


def read_newest_tag(spec: str, new: str, cwd: Path) -> Snapshot:
    """Read the nearest tag, as ``newest-tag``, ``tag:PATTERN`` or one of them with ``:path`` asks for it: the one
    that has most of the history of ``new``. A revision that is a release itself is compared with the one before it;
    where ``new`` is no revision, the commit that is checked out counts as released. Raises ``ReadError``."""
    pattern, path = NEWEST_TAG.fullmatch(spec).groups()  # type: ignore[union-attr]
    tag, told = Repository(cwd, spec).newest_tag(pattern or "*", new)
    rest = "" if path is None else f":{path}"
    return evolve(read_git(f"refs/tags/{tag}{rest}", cwd, tag + rest), ambiguity=told)


def is_revision(name: str, cwd: Path) -> bool:
    """Whether a name leads to a revision, or to something in one, of the repository around ``cwd``."""
    try:
        return Repository(cwd, name).has(name)
    except ReadError:
        return False


def check_clone(name: str, cwd: Path) -> None:
    """Raise ``ReadError`` where ``cwd`` lies in a clone that is shallow: what has a name elsewhere may have none."""
    try:
        repository = Repository(cwd, name)
    except ReadError:
        return
    repository.check_whole()


class Entry(NamedTuple):
    """One file of a tree or of the index."""

    mode: str
    oid: str
    conflict: bool = False

    @property
    def oddity(self) -> str:
        """Why there is no content behind the entry, in words; "" for a plain file."""
        if self.conflict:
            return "is in conflict"
        return {_SYMLINK: "is a symbolic link", _SUBMODULE: "is a submodule"}.get(self.mode, "")


Entries = Mapping[str, Entry]


def project_in(entries: Entries, path: str | None, prefix: str, label: str) -> tuple[str, str]:
    """The folder of the project, "" for the top, and the ``.mpr`` where it was named itself."""
    if path is None:
        at = prefix.rstrip("/")
        while at and not _mprs(entries, at):
            at = at.rpartition("/")[0]
        if not _mprs(entries, at):
            raise UnknownFormat(label, "holds no .mpr file at its top", _where(entries, label))
        return at, ""
    joined = posixpath.join(prefix, path) if path.startswith(("./", "../")) or path in (".", "..") else path.lstrip("/")
    full = posixpath.normpath(joined) if joined else ""
    full = "" if full == "." else full
    entry = entries.get(full)
    if entry is not None and entry.oddity:
        raise ReadError(label, f"{full} {entry.oddity}", "Name the folder of a project")
    if entry is not None:
        folder, _, name = full.rpartition("/")
        return folder, name
    if full and not any(name.startswith(full + "/") for name in entries):
        raise ReadError(label, f"there is no '{full}' in it", _where(entries, label))
    if not _mprs(entries, full):
        raise UnknownFormat(label, "holds no .mpr file at its top", _where(entries, label))
    return full, ""


def _mprs(entries: Entries, folder: str) -> list[str]:
    return [n for n in entries if n.lower().endswith(".mpr") and n.rpartition("/")[0] == folder]


def projects(entries: Entries) -> list[str]:
    """The folders that hold a project."""
    return sorted({n.rpartition("/")[0] for n in entries if n.lower().endswith(".mpr")})


def _where(entries: Entries, label: str) -> str:
    """Advice that names the projects there are."""
    folders = projects(entries)
    if not folders:
        return "There is no .mpr anywhere in it"
    revision = label.partition(":")[0]
    return "Try " + " or ".join(f"'{revision}:{folder}'" for folder in folders[:3])


# What is asked of a commit: neither what a user set for dates, names and encodings counts, nor a mail map of the tree.
_TOLD = ("--format=%aI%x00%an%x00%P%x00%s", "--encoding=UTF-8")


def _commit(oid: str, told: str, tags: Mapping[str, tuple[str, ...]]) -> Commit:
    date, author, parents, subject = told.split("\0", 3)
    return Commit(oid, date, author, subject, tuple(parents.split()), tags.get(oid, ()))


class Repository:
    """The repository around a folder."""

    def __init__(self, cwd: Path, label: str) -> None:
        self._cwd, self._label = cwd, label
        try:
            self.given = _given(cwd)
        except OSError as error:
            raise ReadError(label, f"has no folder to start from ({error.strerror})", "Run it in a folder") from None
        answer = self._run(["rev-parse", "--show-prefix", "--show-cdup"], "does not exist, and git cannot be asked")
        *inside, up, _ = answer.decode("utf-8", "surrogateescape").split("\n")  # a folder's name may hold line ends
        self.prefix = "\n".join(inside)
        self._top = cwd / up

    def under(self, label: str) -> Repository:
        """The repository, for another label in what is told of it."""
        other = copy(self)
        other._label = label
        return other

    def tree(self, revision: str, known: str | None = None) -> dict[str, Entry]:
        """The files of a revision, whose tree may be ``known``."""
        oid = known or self._resolve(revision + "^{tree}")
        if oid is None and revision == "HEAD" and self.is_new():
            raise ReadError(self._label, "there is no commit yet", "Commit the project first")
        if oid is None:
            problem = f"'{revision}' is neither an existing path nor a git revision"
            raise ReadError(self._label, problem, self._advice() or _ADVICE)
        listing = self._listed(["ls-tree", "-r", "-z", "--full-tree", oid], self._cwd)
        return {path: Entry(words[0], words[2]) for words, path in _lines(listing)}

    def has(self, name: str) -> bool:
        """Whether a name stands for a revision (``rev``) or something in it (``rev:path``)."""
        return self._resolve(name if ":" in name else name + "^{tree}") is not None

    def is_new(self) -> bool:
        """Whether nothing was committed yet, on any branch."""
        return self._resolve("HEAD") is None and not self._answer("for-each-ref", "--count=1")

    def newest_tag(self, pattern: str, new: str) -> tuple[str, str]:
        """The nearest tag that a pattern takes, and where it may not be the one that is meant, that in words."""
        revision = new.removeprefix(FORCED).partition(":")[0]
        commit = self._resolve(revision + "^{commit}") if revision else None
        own = [f"--exclude={tag}" for tag in self._tags().get(commit, ())] if commit else []
        known = revision if commit else ""
        if commit is None and (commit := self._resolve("HEAD^{commit}")) is None:
            raise ReadError(self._label, "there is no commit yet", _NO_TAG)
        tag = self._answer("describe", "--tags", "--abbrev=0", f"--match={pattern}", *own, commit)
        if not tag:
            problem = f"no tag{f' called {pattern}' if pattern != '*' else ''} leads to {known or 'HEAD'}"
            raise ReadError(self._label, problem, self._advice() or _NO_TAG)
        checked_out = not known and tag in self._tags().get(commit, ())
        return tag, f"{tag} is the commit that is checked out: HEAD as NEW tells what led to it" if checked_out else ""

    def index(self) -> dict[str, Entry]:
        """The files of the index."""
        listing = self._listed(["ls-files", "-s", "-z"], self._top)
        return {path: Entry(words[0], words[1], words[2] != "0") for words, path in _lines(listing)}

    def commits(
        self, revision: str, folder: str, most: int | None = None, after: str = "", *, merges: bool = True
    ) -> list[Commit]:
        """The commits that touched a folder, newest first; of many the newest ``most``, and none that leads to the
        commit ``after``. They are those along first parents, or where ``merges`` do not count all that are none."""
        known = [self.commit(revision), *(["^" + self.commit(after)] if after else [])]
        along = ["--first-parent"] if merges else ["--no-merges", "--topo-order", "--full-history"]
        count = [] if most is None else [f"--max-count={most}"]
        return self._told([*along, *count, *known, "--", folder or "."])

    def between(self, old: str, new: str) -> frozenset[str]:
        """The ids of all commits that lead to ``new`` and not to ``old``, where one is named."""
        less = ["^" + self.commit(old)] if old else []
        listing = self._listed(["rev-list", self.commit(new), *less], self._top)
        return frozenset(listing.decode("ascii").split())

    def nearest(self, commits: Sequence[str]) -> dict[str, str]:
        """By commit the nearest of the others that leads to it: along first parents where one does, else the one that
        comes first among ``commits``."""
        listing = self._listed(["rev-list", "--topo-order", "--reverse", "--parents", *commits], self._top)
        rank = {oid: n for n, oid in enumerate(commits)}
        lead: dict[str, str | None] = {}  # by commit itself where it is one of them, else what leads to it
        found: dict[str, str] = {}
        for line in listing.decode("ascii").splitlines():
            oid, *parents = line.split()
            before = [base for parent in parents if (base := lead.get(parent)) is not None]
            first = lead.get(parents[0]) if parents else None
            base = first or min(before, key=rank.__getitem__, default=None)
            if oid in rank and base is not None:
                found[oid] = base
            lead[oid] = oid if oid in rank else base
        return found

    def tagged(self, pattern: str) -> list[Commit]:
        """The commits with a tag of a pattern (``v*``), newest first, whatever line they stand on."""
        found = [oid for oid, names in self._tags().items() if any(fnmatchcase(name, pattern) for name in names)]
        return self._told(["--no-walk=sorted", *found]) if found else []

    def _told(self, which: list[str]) -> list[Commit]:
        lines = self._listed(["--literal-pathspecs", "rev-list", *_TOLD, *which], self._top)
        told = lines.decode("utf-8", "replace").split("\n")
        tags = self._tags()
        # two lines each: "commit <id>", and what it says
        return [_commit(head.split()[1], said, tags) for head, said in zip(told[::2], told[1::2], strict=False)]

    def commit(self, revision: str) -> str:
        """The id of the commit that a revision stands for."""
        oid = self._resolve(revision + "^{commit}")
        if oid is None:
            raise ReadError(self._label, f"'{revision}' is no commit", self._advice() or _ADVICE)
        return oid

    def contents(self, commits: Iterable[str], folder: str) -> dict[str, str]:
        """By commit the id of all that is in a folder; of none where it is not there."""
        asked = [oid for oid in commits if oid]
        found = self._run(
            [*_CHECK, "--batch-check=%(objectname)"],
            "cannot be read",
            text="".join(f"{c}:{folder}\n" for c in asked),
        )
        answers = zip(asked, found.decode("utf-8", "replace").split("\n"), strict=False)
        return {oid: told for oid, told in answers if re.fullmatch(r"[0-9a-f]{40,64}", told)}

    def touched(self, steps: Sequence[tuple[str, str]], folder: str) -> list[frozenset[str]]:
        """The files of a folder that differ between the commits of each step."""
        asked = "".join(f"{new} {old}\n" for old, new in steps)
        question = ["--literal-pathspecs", "diff-tree", "--stdin", "--always", "-r", "-z", "--raw", "--no-renames"]
        listing = self._listed([*question, "--", folder or "."], self._top, asked)
        found: list[set[str]] = []
        pieces = iter(listing.split(b"\0"))
        for piece in pieces:
            if piece.startswith(b":"):
                found[-1].add(next(pieces).decode("utf-8", "surrogateescape"))
            elif piece:
                found.append(set())  # the commit whose files follow
        return [frozenset(files) for files in found]

    def noted(self, ref: str, commits: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """What git's notes of a name (``refs/notes/…``) hold for some commits: the id of the commit, and the note."""
        if self._resolve(ref) is None:
            return
        notes = {path.replace("/", ""): entry.oid for path, entry in self.tree(ref).items()}
        known = {commit: notes[commit] for commit in commits if commit in notes}
        small = {oid for oid, size in self.sizes(known.values()).items() if size <= MOST_NOTE}
        with Objects(self) as objects:
            for commit, oid in known.items():
                content = objects.content(oid) if oid in small else None
                if content is not None:
                    yield commit, content

    def branching(self, one: str, other: str) -> str:
        """The commit at which the lines that lead to two revisions part. A clone without its past cannot tell."""
        self.check_whole()
        found = self.common(self.commit(one), self.commit(other))
        if not found:
            raise ReadError(self._label, f"'{one}' and '{other}' have no commit in common", self._advice() or _RELATED)
        return found

    def common(self, one: str, other: str) -> str:
        """The newest commit that leads to two others, "" where none does."""
        return self._answer("merge-base", one, other)

    @property
    def shallow(self) -> bool:
        """Whether the clone lacks its past: what it holds of a history is not all of it."""
        return self._advice() == _SHALLOW

    def check_whole(self) -> None:
        """Raise ``ReadError`` for a clone that is shallow."""
        if self.shallow:
            raise ReadError(self._label, "has a history that is cut off", _SHALLOW)

    def _tags(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the tags on each commit; one with a message of its own leads to it by a second id."""
        form = "--format=%(objectname) %(objecttype) %(*objectname) %(*objecttype)%00%(refname:strip=2)"
        asked = ["for-each-ref", "--sort=-version:refname", form, "refs/tags"]
        listing = self._listed(asked, self._top)
        found: dict[str, list[str]] = {}
        for line in listing.decode("utf-8", "replace").split("\n")[:-1]:  # names hold other ends of lines
            told, _, name = line.partition("\0")
            *_, oid, kind = told.split()
            if kind == "commit":
                found.setdefault(oid, []).append(name)
        return {oid: tuple(names) for oid, names in found.items()}

    def _resolve(self, name: str) -> str | None:
        """The object that a name stands for. It goes through a pipe, so it never is an option."""
        answer = self._run(["cat-file", "--batch-check=%(objectname)"], "cannot be read", text=name + "\n")
        return answer.decode().strip() if re.fullmatch(rb"[0-9a-f]{40,64}\n", answer) else None

    def _run(self, arguments: list[str], problem: str, *, text: str = "", at_top: bool = False) -> bytes:
        try:
            done = subprocess.run(
                [_program(), *_SAFE, *arguments],
                cwd=self._top if at_top else self._cwd,
                env=_environment(),
                input=text.encode("utf-8", "surrogateescape"),
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            if os.path.isdir(self._cwd):
                raise ReadError(self._label, "does not exist, and git is not installed", _INSTALL) from None
            raise ReadError(self._label, f"{problem} ({error.strerror})", _ADVICE) from None
        except (OSError, ValueError) as error:  # a name with a zero in it is a ValueError
            raise ReadError(self._label, f"{problem} ({getattr(error, 'strerror', error)})", _ADVICE) from None
        if done.returncode:
            lines = [x for x in done.stderr.decode(errors="replace").split("\n") if not x.startswith("warning: ")]
            said = lines[0].removeprefix("fatal: ") if lines else ""
            if owned := _FOREIGN.search(said):
                raise ReadError(self._label, "lies in a repository of another user", _TRUST.format(owned[1]))
            raise ReadError(self._label, f"{problem} ({said})", _PARTIAL if "promisor" in said else _ADVICE)
        return done.stdout

    def _answer(self, *question: str) -> str:
        """What git says, "" where it refuses."""
        try:
            return self._run([*question], "cannot be asked").decode(errors="replace").strip()
        except ReadError:
            return ""

    def _advice(self) -> str:
        """What helps where something is not in this clone; "" where all of it should be."""
        if self._answer("rev-parse", "--is-shallow-repository") == "true":
            return _SHALLOW
        if self._answer("config", "--get-regexp", r"^remote\..*\.promisor$"):
            return _PARTIAL
        return ""

    def absent(self, oid: str) -> tuple[str, str]:
        """Why an object cannot be had, and what helps."""
        try:
            self._run(["cat-file", "-t", oid], "cannot be had")
        except ReadError as error:
            if _DAMAGE.search(error.problem):
                return "is damaged in the repository", _REPAIR
        return "is not in this clone", self._advice() or _REPAIR

    def _listed(self, arguments: list[str], cwd: Path, text: str = "") -> bytes:
        """The list of the files of a revision. A dozen trees that name each other many times over make a list
        without end, so it is read no further than a real one goes."""
        with (
            _asked(text) as asked,
            subprocess.Popen(
                [_program(), *_SAFE, *arguments],
                cwd=cwd,
                env=_environment(),
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process,
        ):
            listing = bytearray()
            while process.stdout and (chunk := process.stdout.read(_CHUNK)):
                listing += chunk
                if len(listing) > LISTING_BYTES:
                    process.kill()
                    break
        if len(listing) > LISTING_BYTES or listing.count(b"\0") > ENTRIES:
            raise BrokenContainer(self._label, f"lists more than {ENTRIES} files", "Give the repository of an app")
        if process.returncode:
            raise ReadError(self._label, "cannot be listed", self._advice() or _ADVICE)
        return bytes(listing)

    def objects(self) -> subprocess.Popen[bytes]:
        """A process that gives the content of objects whose ids it is told."""
        return subprocess.Popen(
            [_program(), *_SAFE, "cat-file", "--batch"],
            cwd=self._cwd,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The sizes of objects; of none where git cannot tell, as in a partial clone."""
        asked = "".join(oid + "\n" for oid in oids)
        try:
            listing = self._run([*_CHECK, "--batch-check=%(objectname) %(objectsize)"], "cannot be read", text=asked)
        except ReadError:
            return {}
        answers = (line.split() for line in listing.decode("ascii").splitlines())
        return {oid: int(size) for oid, size in answers if size.isdecimal()}

    def too_large(self, oid: str) -> TooLarge:
        return TooLarge(self._label, oid)

    def local(self) -> frozenset[str]:
        """The ids of all objects that are here."""
        listing = self._run(
            ["cat-file", "--buffer", "--batch-all-objects", "--batch-check=%(objectname)"], "cannot be listed"
        )
        return frozenset(listing.decode("ascii").split())


def _program() -> str:
    """Git, as the search path leads to it from its root: a relative place on the path, and on Windows the
    folder it is started in, would lead into the checkout that is judged."""
    path = os.pathsep.join(place for place in os.get_exec_path() if os.path.isabs(place))
    found = shutil.which("git", path=path)
    if found is None or not os.path.isabs(found):
        raise FileNotFoundError(errno.ENOENT, "git is not on the search path")
    return found


def _given(cwd: Path) -> tuple[Path, Mapping[str, str]]:
    """What tells git which repository is meant."""
    return cwd.absolute(), {k: v for k, v in os.environ.items() if k.startswith("GIT_")}


def _environment() -> dict[str, str]:
    """The environment for git: what hooks were given, without network, prompts and locks."""
    return {**os.environ, **_ENVIRONMENT}


@contextmanager
def _asked(text: str) -> Iterator[IO[bytes] | int]:
    """What a process is asked: a file, for a pipe would have to be written while the answer is read."""
    if not text:
        yield subprocess.DEVNULL
        return
    from tempfile import TemporaryFile

    with TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        yield file


def _lines(listing: bytes) -> Iterator[tuple[list[str], str]]:
    for line in listing.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            yield facts.decode("ascii").split(), path.decode("utf-8", "surrogateescape")


class Objects:
    """The content of objects. One process gives it, from the first question within the ``with`` block to its end; for
    what is asked later, when single units are looked into, another one waits as long as this object lives. It answers
    one question at a time, whichever thread asks."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._turn = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: Callable[[], object] = _nothing
        self._local: frozenset[str] | None = None
        self._sizes: dict[str, int] = {}
        self._asked: set[str] = set()
        self._inside = 0
        self.units: weakref.WeakValueDictionary[Listed, Unit] = weakref.WeakValueDictionary()

    def __enter__(self) -> Objects:
        with self._turn:
            self._inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._inside -= 1
            if not self._inside:
                self._stop()

    def _stop(self) -> None:
        self._ending()
        self._process, self._ending = None, _nothing

    def sizes(self, oids: Iterable[str]) -> Mapping[str, int]:
        """The sizes of objects, of those that are here."""
        with self._turn:
            if fresh := [oid for oid in oids if oid not in self._sizes]:
                self._sizes |= self._repository.sizes(fresh)
            return self._sizes

    def kept(self, oids: Iterable[str]) -> Mapping[str, KeptUnit]:
        """What earlier runs kept of units, of those that are here and were not asked for before."""
        with self._turn:
            fresh = set(oids) - self._asked
            self._asked |= fresh
            known = kept_units(fresh)
            here = self.sizes(known)
            return {oid: told for oid, told in known.items() if oid in here}

    def tree(self, revision: str) -> str | None:
        """The tree of a revision, None where git knows none, or gives up."""
        with self._turn, suppress(OSError):
            found = self._ask(self._running(), f"{revision}^{{tree}}".encode("utf-8", "surrogateescape"))
            return None if found is None else found[0]
        self._stop()
        return None

    def content(self, oid: str) -> bytes | None:
        """The content of an object, None where it is not here. Raises ``TooLarge`` beyond all measure."""
        with self._turn:
            return self._content(oid)

    def _content(self, oid: str) -> bytes | None:
        if self._local is not None and oid not in self._local:
            return None
        try:
            found = self._ask(self._running(), oid.encode("ascii"))
            return None if found is None else found[1]
        except OSError:  # in a partial clone, some versions of git give up at the first object that is not there
            self._stop()
            if self._local is None:
                self._local = self._repository.local()
                return self._content(oid)
            return None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = self._repository.objects()
            self._ending = weakref.finalize(self, _end, self._process)
        return self._process

    def _ask(self, process: subprocess.Popen[bytes], name: bytes) -> tuple[str, bytes] | None:
        """The id and the content of the object that a name of one line stands for."""
        if process.stdin is None or process.stdout is None:
            return None
        process.stdin.write(name + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise OSError("git gave up")
        head = _OBJECT.fullmatch(answer)
        if head is None:  # the name, and that it is missing
            return None
        oid, size = head[1].decode("ascii"), int(head[2])
        if size > MOST_BYTES:
            self._stop()
            raise self._repository.too_large(oid)
        content = process.stdout.read(size)
        if not process.stdout.read(1):
            raise OSError("git gave up")
        return oid, content


def _nothing() -> None:
    """How what does not run ends."""


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
    process.wait()


class Revision:
    """The folder of a project in a tree or in the index."""

    rereads = True

    def __init__(self, repository: Repository, objects: Objects, entries: Entries, folder: str) -> None:
        prefix = folder + "/" if folder else ""
        self.repository, self.objects = repository, objects
        self._entries = {n.removeprefix(prefix): e for n, e in entries.items() if n.startswith(prefix)}

    def top(self) -> list[str]:
        """The files right in the folder."""
        return [n for n in self._entries if "/" not in n]

    def paths(self) -> list[str]:
        return [n for n, e in self._entries.items() if e.mode != _SUBMODULE]

    def stored(self) -> list[str]:
        return [n for n in self._entries if n.startswith("mprcontents/")]

    def unseen(self) -> list[str]:
        """Links, submodules and conflicts among the files that belong to the app."""
        odd = ((n, e.oddity) for n, e in sorted(self._entries.items()) if e.oddity)
        return [f"{n} {why}, its content is not in the repository" for n, why in odd if wanted(n)]

    def identity(self, path: str) -> str | None:
        entry = self._entries.get(path)
        return entry.oid if entry is not None and not entry.oddity and entry.oid in self._plain else None

    @cached_property
    def _plain(self) -> frozenset[str]:
        """The objects that are here and too small or too large for a Git LFS pointer; of the others only their
        content tells what they are, or that they are not here."""
        asked = {e.oid for n, e in self._entries.items() if not e.oddity and wanted(n)}
        sizes = self.objects.sizes(sorted(asked))
        return frozenset(oid for oid in asked & sizes.keys() if sizes[oid] not in _POINTER_SIZES)

    def absent(self, path: str) -> tuple[str, str]:
        entry = self._entries[path]
        return (entry.oddity, "Name a plain file") if entry.oddity else self.repository.absent(entry.oid)

    @property
    def units(self) -> MutableMapping[Listed, Unit]:
        return self.objects.units

    def kept(self) -> Mapping[str, KeptUnit]:
        return self.objects.kept(e.oid for n, e in self._entries.items() if n.startswith("mprcontents/"))

    def oid(self, path: str) -> str:
        entry = self._entries.get(path)
        return "" if entry is None or entry.oddity else entry.oid

    def fetch(self, path: str) -> bytes | None:
        entry = self._entries.get(path)
        return None if entry is None or entry.oddity else self.objects.content(entry.oid)
