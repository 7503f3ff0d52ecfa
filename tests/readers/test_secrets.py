"""No secret of a model, or of the files beside it, reaches any output; that it changed does."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mx_changeclass import compare, render
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers import read
from mx_changeclass.readers.native_app import export_native
from mx_changeclass.readers.units.secrets import clean_text
from mx_changeclass.readers.xml import write_xml
from mx_changeclass.reports import FORMATS
from tests.builders.build import Document, write_dump, write_mpk, write_v1, write_v2
from tests.builders.side_files import Files, package, template
from tests.builders.specimen import part, specimen, unit

FIELD = "project/Field"


def secret(place: str, side: str) -> str:
    """What stands in one place of one side; every one holds this word."""
    return f"hunter2-{place}-{side}"


def text_value(value: str) -> Document:
    return part("Rest$StringValue", value=value)


def template_value(value: str) -> Document:
    return part("Rest$ValueTemplate", value=value)


def documents(side: str) -> list[Document]:
    """The specimen with a secret in every place where Studio Pro lets a developer write one."""

    def value(place: str) -> str:
        return secret(place, side)

    return [
        *specimen(),
        unit(
            "DatabaseConnector$DatabaseConnection", "documents", FIELD, name="Warehouse", databaseType="PostgreSQL",
            connectionInput=part(
                "DatabaseConnector$ConnectionString", value=f"jdbc:postgresql://h/db?user=a&password={value('jdbc')}"
            ),
            additionalProperties=[
                part(
                    "DatabaseConnector$AdditionalProperty", key="sslpassword",
                    value=part("DatabaseConnector$ValueAsString", value=value("property")),
                )
            ],
            queries=[
                part(
                    "DatabaseConnector$DatabaseQuery", name="Stock", query="select 1",
                    parameters=[
                        part("DatabaseConnector$QueryParameter", parameterName="p", defaultValue=value("query"))
                    ],
                )
            ],
        ),
        unit(
            "Rest$ConsumedRestService", "documents", FIELD, name="Api",
            baseUrl=template_value(f"https://svc:{value('base')}@api.example.com/v1"),
            baseUrlParameter=part("Rest$RestParameter", name="b", testValue=text_value(value("base-test"))),
            authenticationScheme=part(
                "Rest$BasicAuthenticationScheme", username=text_value(value("user")), password=text_value(value("pass"))
            ),
            operations=[
                part(
                    "Rest$RestOperation", name="Get", path=template_value(f"/jobs?api_key={value('path')}"),
                    headers=[part("Rest$HeaderWithValueTemplate", name="X", value=template_value(value("header")))],
                    parameters=[part("Rest$OperationParameter", name="p", testValue=text_value(value("test")))],
                    queryParameters=[part("Rest$QueryParameter", name="q", testValue=value("query-test"))],
                )
            ],
        ),
        unit(
            "WebServices$ImportedWebService", "documents", FIELD, name="Soap", documentation="",
            wsdlUrl=f"https://x:{value('wsdl')}@soap.example.com/?wsdl",
        ),
        unit("Acme$Later", "documents", FIELD, name="Later", apiKey=value("unknown"), clientSecret=value("unknown-2")),
    ]  # fmt: skip


def side_files(side: str) -> Files:
    def value(place: str) -> str:
        return secret(place, side)

    app = template(
        android__app__src__main__res__raw__runtime_url=f"https://me:{value('runtime')}@field.acme.com".encode()
    )
    manifest = {
        "name": "app",
        "dependencies": {
            "a": f"git+https://{value('npm')}@github.com/acme/a.git",
            "b": f"https://registry.example.com/b.tgz?token={value('npm-token')}",
        },
    }
    sidecar = {"nativeDependencies": {"x": f"git+https://u:{value('sidecar')}@github.com/acme/x.git#v1"}}
    tokens = f"export const maps = {{ apiKey: '{value('token')}', color: '#fff' }};\nexport const secret = 'x{side}';\n"
    beep = f'import x from "https://u:{value("import")}@cdn.example.com/x.js";\nexport async function JS_Beep() {{}}\n'
    return {
        "package.json": json.dumps(manifest).encode(),
        "javascriptsource/field/actions/JS_Beep.js": beep.encode(),
        "javascriptsource/field/actions/JS_Beep.json": json.dumps(sidecar).encode(),
        "themesource/field/native/main.js": tokens.encode(),
        "widgets/com.acme.Scanner.mpk": package(
            sidecar={"y": f"https://u:{value('widget')}@example.com/y.tgz"},
        ),
        "nativemobile/.config": json.dumps(
            {"configurations": {"Default": {"runtimeUrl": f"https://u:{value('builder')}@field.acme.com"}}}
        ).encode(),
        **{f"app/{path}": content for path, content in app.items()},
    }


def forms(folder: Path, side: str) -> Iterator[Path]:
    model, files = documents(side), side_files(side)
    folder.mkdir()
    yield write_v1(model, folder / "v1.mpr")
    yield write_v2(model, folder / "v2", side=files)
    yield write_mpk(model, folder / "app.mpk", side=files)
    yield write_dump(model, folder / "dump.json")


def exported(snapshot: Snapshot) -> str:
    target = io.BytesIO()
    write_xml(snapshot, target)
    return target.getvalue().decode()


def test_no_secret_is_in_any_output_of_any_form(tmp_path: Path) -> None:
    for old, new in zip(forms(tmp_path / "a", "one"), forms(tmp_path / "b", "two"), strict=True):
        before, after = read(old), read(new)
        shown: dict[str, str] = {
            "export": exported(after),
            "rows": repr([(r.name, r.props) for i in after.units for r in after.rows(i)]),
        }
        verdict = compare(before, after)
        shown |= {name: render(verdict, name, everything=True) for name in FORMATS}
        for name, text in shown.items():
            assert "hunter2" not in text, (old.name, name, text[text.index("hunter2") - 80 :][:160])
        named = {row.name for row in verdict.rows}
        assert {"Field.Warehouse", "Field.Api", "Field.Soap", "Field.Later"} <= {
            name if name.count(".") < 2 else name.rpartition(".")[0] for name in named
        }
        again = Path(tmp_path / "again.xml")
        again.write_text(shown["export"], encoding="utf-8")
        assert exported(read(again)) == shown["export"]  # a seal is not sealed again


def test_no_secret_is_in_the_facts_of_a_native_app(tmp_path: Path) -> None:
    for path, content in side_files("one").items():
        if path.startswith("app/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
    facts = export_native(str(tmp_path / "app"))
    assert "hunter2" not in facts
    assert "@field.acme.com" in facts


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com:8443/app@2?page=2",
        "git+ssh://git@github.com/acme/app.git#v1",
        "http://localhost:8080/@scope/name",
        "https://{1}/jobs?key={2}&page={3}",
        "if $a then 'what?' else $b/Key",
        "What is a token?",
        "mailto:me@example.com",
    ],
)
def test_what_is_no_credential_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://me:s3cret@example.com/a", r"https://*@example.com/a"),
        (
            "see https://me:p/q@example.com/a and https://t0ken@b.com",
            r"see https://*@example.com/a and https://*@b.com",
        ),
        ("https://e.com/?a=1&sig=s3cret&b=2", r"https://e.com/?a=1&sig=*&b=2"),
        ("jdbc:sqlserver://h;user=sa;Password=s3cret;x=1", r"jdbc:sqlserver://h;user=sa;Password=*;x=1"),
    ],
)
def test_only_the_credential_is_sealed(text: str, wanted: str) -> None:
    found = clean_text(text)
    for piece in wanted.split("*"):
        assert piece in found
    assert not [word for word in ("s3cret", "p/q", "t0ken") if word in found]
    assert clean_text(found) == found


def test_a_design_token_is_a_secret_by_its_name_alone(tmp_path: Path) -> None:
    model: Any = read(write_v2(specimen(), tmp_path / "p", side=side_files("one")))
    props = model.rows("file:themesource/field/native/main.js")[0].props
    assert props["token.maps.color"] == "#fff"
    assert props["token.maps.apiKey"].startswith("sealed:")
    assert props["token.secret"].startswith("sealed:")
