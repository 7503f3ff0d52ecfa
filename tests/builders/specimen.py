"""A small app that holds one of everything the readers must bring into one form.

``python -m tests.builders.specimen`` writes it into ``fixtures/readers``: as ``.mpr`` of both kinds, as package,
dump and snapshot. Of side files it has a theme, a JavaScript action and a Java library that is not one.
"""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

from tests.builders.build import DEFINITION, KEY, Document, define, uid, write_dump, write_mpk, write_v1, write_v2

READERS = Path(__file__).parents[2] / "fixtures" / "readers"
SECRETS = ("Sesame-open-1", "Demo-pass-2", "postgres-3", "token-4")
# Of each form of input that is a file or a folder, the project kept in it.
PROJECTS = {
    "mpr-v1": "v1.mpr",
    "mpr-v2": "v2",
    "mpk": "app.mpk",
    "dump": "dump.json",
    "snapshot": "snapshot.xml",
}
SIDE = {
    "themesource/field/native/main.js": b"export const brand = '#0a1325';\n",
    "javascriptsource/field/actions/JS_Beep.js": b"export async function JS_Beep() {\n\treturn true;\n}\n",
    "userlib/clock.jar": b"no jar at all",
}


def unit(type_name: str, place: str, container: str = "project", /, **values: Any) -> Document:
    """A unit that stands in ``place`` of a container; its id is made of what it is."""
    own = f"{container}/{values.get('name') or type_name}" if type_name != "Projects$Project" else "project"
    head = {"$ID": uid(own), "$Type": type_name, "$ContainerID": uid(container), "$ContainerProperty": place}
    return {**head, **_within(own, values)}


def part(type_name: str, /, **values: Any) -> Document:
    """An element; the unit around it gives it an id made of its place."""
    return {"$Type": type_name, **values}


def text(**translations: str) -> Document:
    return part(
        "Texts$Text",
        translations=[part("Texts$Translation", languageCode=code, text=value) for code, value in translations.items()],
    )


def _within(place: str, value: Any) -> Any:
    """Give every element in a value an id made of its place: its name there, or else its number."""
    if isinstance(value, list):
        return [_within(f"{place}/{v.get('name', i) if isinstance(v, dict) else i}", v) for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    inner = {k: _within(f"{place}/{k}", v) for k, v in value.items()}
    if "$Type" not in inner:
        return inner
    made = {"$ID": uid(place), **inner}
    if made["$Type"] == "CustomWidgets$CustomWidget":
        define(made)
    return made


def attribute(name: str, type_name: str, default: str = "", /, **facts: Any) -> Document:
    return part(
        "DomainModels$Attribute",
        name=name,
        dataStorageGuid=uid(f"guid of {name}"),
        documentation="",
        type=part(f"DomainModels${type_name}AttributeType", **facts),
        value=part("DomainModels$StoredValue", defaultValue=default),
    )


def widget_property(key: str, /, **value: Any) -> Document:
    return part("CustomWidgets$WidgetProperty", **{KEY: key}, value=part("CustomWidgets$WidgetValue", **value))


def navigation() -> Document:
    native = part(
        "Navigation$NativeNavigationProfile",
        name="Phone",
        otaEnabled=True,
        networkTimeoutMs=60000,
        nativeHomePage=part("Navigation$NativeHomePage", homePagePage="Field.Home", homePageNanoflow=""),
        offlineEntityConfigs=[
            part(
                "Navigation$OfflineEntityConfig",
                entity="Field.Job",
                syncMode="Constrained",
                constraint="[Open = true()]",
            )
        ],
        bottomBarItems=[],
        roleBasedNativeHomePages=[],
    )
    web = part(
        "Navigation$NavigationProfile",
        name="Responsive",
        kind="Responsive",
        appTitle=text(en_US="Field", nl_NL="Veld"),
        homePage=part("Navigation$HomePage", page="Field.Home", microflow=""),
        menuItemCollection=None,
    )
    return unit("Navigation$NavigationDocument", "projectDocuments", profiles=[web, native])


def project_documents() -> list[Document]:
    configuration = part(
        "Settings$Configuration",
        name="Default",
        databasePassword=SECRETS[2],
        databaseUserName="field",
        runtimePortNumber=8080,
        constantValues=[],
    )
    return [
        unit("Projects$Project", "", isSystemProject=False),
        unit(
            "Settings$ProjectSettings",
            "projectDocuments",
            settingsParts=[
                part("Settings$ConfigurationSettings", configurations=[configuration]),
            ],
        ),
        navigation(),
        unit(
            "Texts$SystemTextCollection",
            "projectDocuments",
            systemTexts=[
                part("Texts$SystemText", key="mendix.lib.MxDataSource.status", text=text(en_US="Item {1} of {2}")),
            ],
        ),
        unit(
            "Security$ProjectSecurity",
            "projectDocuments",
            securityLevel="CheckEverything",
            adminUserName="MxAdmin",
            adminPassword=SECRETS[0],
            enableDemoUsers=True,
            passwordPolicySettings=part("Security$PasswordPolicySettings", minimumLength=12, requireDigit=True),
            userRoles=[part("Security$UserRole", name="Engineer", guid=uid("engineer"), moduleRoles=["Field.User"])],
            demoUsers=[part("Security$DemoUser", userName="demo", password=SECRETS[1], userRoles=["Engineer"])],
        ),
        unit("Projects$ProjectConversion", "projectConversion"),
    ]


def domain_model() -> Document:
    own = "project/Field/DomainModels$DomainModel/entities"
    job = part(
        "DomainModels$Entity",
        name="Job",
        dataStorageGuid=uid("guid of Job"),
        location={"x": 100, "y": 50},
        generalization=part("DomainModels$NoGeneralization", persistable=True, hasCreatedDate=True),
        eventHandlers=[],
        attributes=[
            attribute("Title", "String", length=200),
            attribute("Open", "Boolean", "true"),
            attribute("Due", "DateTime", localizeDate=False),
            attribute("State", "Enumeration", "New", enumeration="Field.State"),
        ],
        validationRules=[
            part(
                "DomainModels$ValidationRule",
                attribute="Field.Job.Title",
                errorMessage=text(en_US="Give a title"),
                ruleInfo=part("DomainModels$RequiredRuleInfo"),
            )
        ],
        indexes=[
            part(
                "DomainModels$Index",
                dataStorageGuid=uid("guid of index"),
                attributes=[
                    part(
                        "DomainModels$IndexedAttribute",
                        type="Normal",
                        ascending=True,
                        attribute=uid(f"{own}/Job/attributes/Title"),
                    )
                ],
            )
        ],
        accessRules=[
            part(
                "DomainModels$AccessRule",
                moduleRoles=["Field.User"],
                allowCreate=True,
                xPathConstraint="[Open = true()]",
                defaultMemberAccessRights="ReadWrite",
                memberAccesses=[
                    part("DomainModels$MemberAccess", attribute="Field.Job.Title", accessRights="ReadWrite")
                ],
            )
        ],
    )
    note = part(
        "DomainModels$Entity",
        name="Note",
        dataStorageGuid=uid("guid of Note"),
        location={"x": 300, "y": 50},
        generalization=part("DomainModels$Generalization", generalization="System.Image"),
        attributes=[],
    )
    association = part(
        "DomainModels$Association",
        name="Note_Job",
        dataStorageGuid=uid("guid of Note_Job"),
        type="Reference",
        owner="Default",
        parent=uid(f"{own}/Note"),
        child=uid(f"{own}/Job"),
        deleteBehavior=part("DomainModels$AssociationDeleteBehavior", parentDeleteBehavior="DeleteMeButKeepReferences"),
    )
    crossing = part(
        "DomainModels$CrossAssociation",
        name="Job_Customer",
        dataStorageGuid=uid("guid of Job_Customer"),
        type="Reference",
        parent=uid(f"{own}/Job"),
        child="Office.Customer",
    )
    return unit(
        "DomainModels$DomainModel",
        "domainModel",
        "project/Field",
        documentation="",
        entities=[job, note],
        associations=[association],
        crossAssociations=[crossing],
        annotations=[],
    )


def home_page() -> Document:
    columns = [
        widget_property("width", primitiveValue="40"),
        widget_property("attribute", attributeRef=part("DomainModels$AttributeRef", attribute="Field.Job.Title")),
    ]
    listing = part(
        "CustomWidgets$CustomWidget",
        name="jobs",
        tabIndex=0,
        editable="Always",
        labelTemplate=None,
        appearance=part("Pages$Appearance", **{"class": "jobs"}, designProperties=[]),
        type=part(DEFINITION, widgetId="com.acme.jobs.Jobs", supportedPlatform="Native", offlineCapable=True),
        object=part(
            "CustomWidgets$WidgetObject",
            properties=[
                widget_property(
                    "datasource",
                    dataSource=part(
                        "CustomWidgets$CustomWidgetXPathSource",
                        xPathConstraint="[Open = true()]",
                        entityRef=part("DomainModels$DirectEntityRef", entity="Field.Job"),
                    ),
                ),
                widget_property(
                    "caption",
                    textTemplate=part(
                        "Pages$ClientTemplate",
                        template=text(en_US="Job {1}"),
                        parameters=[],
                    ),
                ),
                widget_property("columns", objects=[part("CustomWidgets$WidgetObject", properties=columns)]),
            ],
        ),
    )
    button = part(
        "Pages$ActionButton",
        name="finish",
        caption=part("Pages$ClientTemplate", template=text(en_US="Finish")),
        action=part("Pages$CallNanoflowClientAction", nanoflow="Field.Finish", parameterMappings=[]),
    )
    return unit(
        "Pages$Page",
        "documents",
        "project/Field/Screens",
        name="Home",
        excluded=False,
        title=text(en_US="Jobs"),
        allowedRoles=["Field.User"],
        canvasWidth=1200,
        url="",
        layoutCall=part(
            "Pages$LayoutCall",
            layout="Field.Phone_Default",
            arguments=[
                part(
                    "Pages$LayoutCallArgument",
                    parameter="Field.Phone_Default.Main",
                    widgets=[listing, button],
                )
            ],
        ),
    )


def flow(kind: str, name: str, action: Document) -> Document:
    own = f"project/Field/{name}/objectCollection/objects"
    objects = [
        part("Microflows$StartEvent", relativeMiddlePoint={"x": 20, "y": 100}, size={"width": 20, "height": 20}),
        part(
            "Microflows$MicroflowParameterObject",
            name="Job",
            variableType=part(
                "DataTypes$ObjectType",
                entity="Field.Job",
            ),
        ),
        part("Microflows$ActionActivity", caption="Activity", autoGenerateCaption=True, action=action),
        part("Microflows$EndEvent", returnValue=""),
    ]
    flows = [
        part(
            "Microflows$SequenceFlow",
            origin=uid(f"{own}/{a}"),
            destination=uid(f"{own}/{b}"),
            caseValues=[
                part("Microflows$NoCase"),
            ],
        )
        for a, b in ((0, 2), (2, 3))
    ]
    return unit(
        f"Microflows${kind}",
        "documents",
        "project/Field",
        name=name,
        excluded=False,
        flows=flows,
        objectCollection=part("Microflows$MicroflowObjectCollection", objects=objects),
        microflowReturnType=part("DataTypes$VoidType"),
        allowedModuleRoles=["Field.User"],
    )


def field_documents() -> list[Document]:
    call = part(
        "Microflows$MicroflowCallAction",
        microflowCall=part(
            "Microflows$MicroflowCall",
            microflow="Field.Check",
            parameterMappings=[],
        ),
    )
    commit = part("Microflows$CommitAction", commitVariableName="Job", withEvents=True)
    state = [part("Enumerations$EnumerationValue", name=n, caption=text(en_US=n), image="") for n in ("New", "Done")]
    field = "project/Field"
    return [
        unit("Enumerations$Enumeration", "documents", field, name="State", values=state),
        unit(
            "Constants$Constant",
            "documents",
            field,
            name="Token",
            type=part("DataTypes$StringType"),
            defaultValue=SECRETS[3],
            exposedToClient=False,
        ),
        flow("Microflow", "Check", commit),
        flow("Nanoflow", "Finish", call),
        unit(
            "Images$ImageCollection",
            "documents",
            field,
            name="Images",
            images=[
                part("Images$Image", name=name, imageFormat="Png", imageData=base64.b64encode(content).decode())
                for name, content in (("logo", b"\x89PNG not really"), ("dot", bytes(range(16))))
            ],
        ),
        unit("Microflows$Microflow", "documents", field, name="OldCheck", excluded=True, flows=[]),
        unit(
            "Acme$Thing",
            "documents",
            field,
            name="Thing",
            weight=7,
            ratio=0.5,
            inner=part("Acme$Part", list=["a", "b"]),
            password=SECRETS[3],
        ),
        unit(
            "ScheduledEvents$ScheduledEvent",
            "documents",
            field,
            name="Nightly",
            enabled=True,
            microflow="Field.Check",
            startDateTime="2024-05-01T02:30:00",
            interval=1,
            intervalType="Day",
        ),
    ]


def specimen() -> list[Document]:
    """The documents of the whole app."""
    customer = part("DomainModels$Entity", name="Customer", dataStorageGuid=uid("guid of Customer"), attributes=[])
    return [
        *project_documents(),
        unit("Projects$Module", "modules", name="Field", fromAppStore=False, sortIndex=1.5),
        unit("Projects$Module", "modules", name="Office", fromAppStore=True, appStoreVersion="2.1.0"),
        unit("Projects$Folder", "folders", "project/Field", name="Screens"),
        domain_model(),
        unit("DomainModels$DomainModel", "domainModel", "project/Office", entities=[customer]),
        unit(
            "Security$ModuleSecurity",
            "moduleSecurity",
            "project/Field",
            moduleRoles=[
                part("Security$ModuleRole", name="User", description=""),
            ],
        ),
        home_page(),
        *field_documents(),
    ]


def main() -> None:
    """Write the app in every form."""
    from mx_changeclass.readers import read
    from mx_changeclass.readers.xml import write_xml

    shutil.rmtree(READERS, ignore_errors=True)
    READERS.mkdir(parents=True)
    model = specimen()
    write_v1(model, READERS / "v1.mpr")
    write_v2(model, READERS / "v2", name="Field.mpr", side=SIDE)
    write_mpk(model, READERS / "app.mpk", side=SIDE)
    write_dump(model, READERS / "dump.json")
    with (READERS / "snapshot.xml").open("wb") as file:
        write_xml(read(READERS / "v2"), file)


if __name__ == "__main__":
    main()
