"""Sound inputs of every kind, to be damaged."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import bson

from mx_changeclass import compare, render
from mx_changeclass.readers import read
from tests.builders.build import content_of
from tests.builders.side_files import action, package, template
from tests.builders.specimen import READERS, specimen

ROOT = Path(__file__).parents[2]
STORY = ROOT / "fixtures" / "field-service"

CONFIGURATION = b"""\
native_template = "14.1.13"
soft_hazards = true
ota_in_binary = false
ignore = ["resources/drafts/*", "theme/*"]

[declared]
several-users-a-device = "no"
"""


@cache
def models() -> dict[str, bytes]:
    """A model in each form that is one file."""
    return {name: (READERS / name).read_bytes() for name in ("v1.mpr", "app.mpk", "dump.json", "snapshot.xml")}


@cache
def units() -> dict[str, bytes]:
    """The BSON of each document of the specimen."""
    return {f"{d['$Type']} {d.get('name', '')}": content_of(d) for d in specimen()}


@cache
def side_files() -> dict[str, bytes]:
    """A file of each kind that is looked into, by its path beside a model."""
    app = {f"app/{path}": content for path, content in template().items()}
    sidecar = json.dumps({"nativeDependencies": {"react-native-video": "6.10.0"}}).encode()
    builder = {
        "configurations": {"Default": {"appName": "Field", "permissions": [{"name": "camera", "purpose": "x"}]}},
        "fonts": {"Acme": {"fontSlots": {"regular": {"fileName": "a.ttf"}}}},
    }
    return {
        "package.json": json.dumps({"name": "a", "dependencies": {"x": "1.0"}}).encode(),
        "javascriptsource/field/actions/JS_Beep.js": action(),
        "javascriptsource/field/actions/JS_Beep.json": sidecar,
        "javascriptsource/field/help.js": b"/* a */ import x from 'y'; const r = /[/*]/g, t = `a${1 + `b`}`;\n",
        "javascriptsource/field/node_modules/x/package.json": b'{"name": "x", "version": "1.0"}',
        "javasource/field/actions/Do.java": b"// BEGIN USER CODE\nreturn 1; /* a */\n// END USER CODE\n",
        "themesource/field/native/main.js": b"export const brand = { primary: '#264AE5', font: { size: 12 } };\n",
        "theme/web/custom-variables.scss": b"$brand-primary: #264ae5;\n",
        "nativemobile/.config": json.dumps(builder).encode(),
        "widgets/com.acme.Scanner.mpk": package(sidecar={"react-native-camera": "4.2.1"}),
        **app,
    }


@cache
def texts() -> dict[str, bytes]:
    """What the command reads beside models: a configuration, a report, facts of a native app."""
    v1, v2 = (read(STORY / f"{side}.snapshot.xml") for side in ("v1", "v2"))
    return {
        "configuration": CONFIGURATION,
        "report": render(compare(v1, v2), "json").encode(),
        "facts": json.dumps({"schema": 1, "facts": {"template": "14.1.13", "permission.camera": True}}).encode(),
    }


def document_bytes(document: object) -> bytes:
    return bson.encode({"document": document})
