"""The native app as an input of its own: a template folder, a revision of it, or a small facts file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from mx_changeclass.errors import ReadError, UnknownFormat
from mx_changeclass.legible import json_text
from mx_changeclass.model.kinds.native import BINARY_ID, BINARY_NAME, NativeBinary, native_binary
from mx_changeclass.model.snapshot import Rows, Unit
from mx_changeclass.readers.limits import MOST_FACTS
from mx_changeclass.readers.names import FORCED
from mx_changeclass.readers.project_files import ProjectFolder, read_file
from mx_changeclass.readers.side_files.contents import Fetch, Unreadable, as_json, blob_id
from mx_changeclass.readers.side_files.native_template import belongs, binary_unit, template_roots
from mx_changeclass.readers.units.secrets import without_credentials

_SCHEMA = 1
_ADVICE = "Give the folder or a revision of a native template, or facts written by 'mx-changeclass native export'"


def read_native(source: str, cwd: Path | None = None) -> Unit:
    """The native app of a template folder, of a facts file, or of a revision (``rev``, ``rev:folder``) of the
    repository around ``cwd``, which is read from git's own objects. An existing path wins, unless ``rev:`` stands
    before the name. Raises ``ReadError``."""
    cwd = cwd or Path.cwd()
    if source.startswith(FORCED):
        return _of_revision(source.removeprefix(FORCED), cwd)
    path = cwd / source
    if path.is_dir():
        folder = ProjectFolder(path, source)
        return native_unit(folder.paths(), folder.fetch, source)
    if not path.exists():
        return _of_revision(source, cwd)
    try:
        content = read_file(path, source, source, follow=True)
    except OSError as error:
        raise ReadError(source, error.strerror or "cannot be read", _ADVICE) from None
    if content is None:
        raise UnknownFormat(source, "is no regular file", _ADVICE)
    return facts_unit(content, source)


def _of_revision(source: str, cwd: Path) -> Unit:
    from mx_changeclass.readers.git import Objects, Repository, Revision

    revision, _, folder = source.partition(":")
    repository = Repository(cwd, source)
    with Objects(repository) as objects:
        entries = repository.tree(revision) if revision else repository.index()
        place = Revision(repository, objects, entries, folder.strip("/"))
        return native_unit(place.paths(), place.fetch, source)


def native_unit(paths: Iterable[str], fetch: Fetch, label: str) -> Unit:
    """The unit of the native app whose template is this folder, or is the only one below it.

    Raises ``UnknownFormat`` where there is none, or more than one.
    """
    listed = list(paths)
    roots = template_roots(listed, fetch)
    if len(roots) != 1:
        found = f"holds several native templates ({', '.join(roots)})" if roots else "holds no native template"
        raise UnknownFormat(label, found, _ADVICE)
    root = roots[0]
    inside = [path for p in listed if p.startswith(root) and belongs(path := p.removeprefix(root))]
    contents = ((path, fetch(root + path)) for path in inside)
    digests = {path: blob_id(content) for path, content in contents if content is not None}
    return binary_unit(BINARY_ID, BINARY_NAME, root, sorted(inside), fetch, digests)


def facts_unit(content: bytes, label: str) -> Unit:
    """The unit of a facts file. Raises ``UnknownFormat``."""
    try:
        whole = as_json(content)
    except Unreadable as error:
        raise UnknownFormat(label, str(error), _ADVICE) from None
    facts = whole.get("facts") if isinstance(whole, Mapping) and whole.get("schema") == _SCHEMA else None
    if not isinstance(facts, Mapping) or not all(isinstance(v, (str, int, list)) for v in facts.values()):
        raise UnknownFormat(label, "holds no facts of a native app", _ADVICE)
    if len(facts) > MOST_FACTS:
        raise UnknownFormat(label, f"holds more than {MOST_FACTS:,} facts", _ADVICE)
    plain = {str(k): tuple(map(str, v)) if isinstance(v, list) else v for k, v in facts.items()}
    (row,) = without_credentials((native_binary(plain),))
    return Unit(BINARY_ID, row.type, row.name, None, "files", blob_id(content), partial(_kept, (row,)), file=label)


def export_native(source: str, cwd: Path | None = None) -> str:
    """The facts file of a native app. Raises ``ReadError``."""
    (row,) = read_native(source, cwd).load()
    return native_json(NativeBinary(row))


def _kept(rows: Rows) -> Rows:
    return rows


def native_json(binary: NativeBinary) -> str:
    """The facts file of a native app, for a machine that has no native checkout: same facts, same bytes."""
    return json_text({"schema": _SCHEMA, "facts": dict(sorted(binary.row.props.items()))}, indent=1)
