"""What a change does to people, in everyday words: by hazard, by kind of element, by what happened to it."""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Hazard, ReleaseClass

MEANING: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "data on devices is at stake",
    FULL_RELEASE: "needs a new binary through the app stores",
    NEEDS_REDEPLOY: "needs a deploy of the server",
    OTA_SAFE: "safe to publish over the air",
}

# What follows for people, after what happened. Each holds for every rule of the hazard, so it says what can be.
CONSEQUENCES: Mapping[Hazard, str] = {
    Hazard.LOCAL_WIPE: "the data kept on a device can be emptied, and whatever was not synchronised by then is lost",
    Hazard.STRANDED: "whoever has entered data and not synchronised can no longer send it, and can lose it",
    Hazard.VALUE_LOSS: "whoever has entered values and not synchronised can lose them",
    Hazard.UPLOAD_REFUSED: "the server can refuse what people entered on their devices, and they can lose it",
    Hazard.REMOVED_FROM_DEVICE: "people can find records gone from their devices after the next synchronisation",
    Hazard.START_FAILURE: "the app or the server can fail to start",
    Hazard.SYNC_BLOCKED: "devices can be unable to synchronise until that is repaired",
    Hazard.SERVER_LOSS: "stored data can be lost on the server",
    Hazard.CANNOT_INSTALL: "some devices can be unable to install the new app",
    Hazard.REFUSAL_POSSIBLE: "the server may refuse what devices send, which no model can tell",
    Hazard.SESSION_LOSS: "people can be signed out",
}

# What a release may come to at worst, where that is not decided.
WORST: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "data on devices is lost",
    FULL_RELEASE: "people need a new version from the app stores",
    NEEDS_REDEPLOY: "the server has to be deployed",
    OTA_SAFE: "it may be published over the air",
}

# Kinds as somebody outside of the project calls them, one and several; of others their own words are told.
KINDS: Mapping[str, tuple[str, str]] = {
    "DomainModels$Association": ("link between records", "links between records"),
    "DomainModels$Attribute": ("attribute", "attributes"),
    "DomainModels$CrossAssociation": ("link between records", "links between records"),
    "DomainModels$Entity": ("kind of record", "kinds of record"),
    "Enumerations$Enumeration": ("list of choices", "lists of choices"),
    "Enumerations$EnumerationValue": ("choice in a list", "choices in lists"),
    "File$NativeTemplate": ("file of the native template", "files of the native template"),
    "Microflows$Microflow": ("function of the server", "functions of the server"),
    "Microflows$Nanoflow": ("function of the app", "functions of the app"),
    "Navigation$NativeNavigationProfile": ("native app", "native apps"),
    "Navigation$NavigationProfile": ("app", "apps"),
    "Security$UserRole": ("user role", "user roles"),
}

# What happened, said of one and of several.
VERBS: Mapping[str, tuple[str, str]] = {
    "added": ("is added", "are added"),
    "removed": ("disappears", "disappear"),
    "changed": ("changes", "change"),
    "renamed": ("gets another name", "get other names"),
    "kept": ("is kept on devices in another way", "are kept on devices in another way"),
    "joins": ("comes to be kept on devices", "come to be kept on devices"),
    "leaves": ("is no longer kept on devices", "are no longer kept on devices"),
}
