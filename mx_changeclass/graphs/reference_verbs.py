"""What a reference does, in one word. Types that are not named here ``mentions``."""

from __future__ import annotations

from mx_changeclass.model.metamodel import is_a, type_named

_VERBS = {
    "Microflows$DatabaseRetrieveSource.entity": "retrieves",
    "Microflows$AssociationRetrieveSource.association": "follows",
    "Microflows$CreateObjectAction.entity": "creates",
    "Pages$NewButton.entity": "creates",
    "Pages$GridNewButton.entity": "creates",
    "Microflows$MemberChange.attribute": "changes",
    "Microflows$MemberChange.association": "changes",
    "Microflows$NanoflowCall.nanoflow": "calls",
    "Microflows$MicroflowCall.microflow": "calls",
    "Microflows$RuleCall.rule": "calls",
    "Microflows$JavaScriptActionCallAction.javaScriptAction": "calls",
    "Microflows$JavaActionCallAction.javaAction": "calls",
    "Microflows$MicroflowParameterValue.microflow": "calls",
    "Microflows$MicroflowJavaActionParameterValue.microflow": "calls",
    "Nanoflows$NanoflowParameterValue.nanoflow": "calls",
    "Pages$MicroflowSettings.microflow": "calls",
    "Pages$NanoflowSource.nanoflow": "calls",
    "Pages$CallNanoflowClientAction.nanoflow": "calls",
    "CustomWidgets$WidgetValue.microflow": "calls",
    "CustomWidgets$WidgetValue.nanoflow": "calls",
    "DomainModels$EventHandler.microflow": "calls",
    "DomainModels$CalculatedValue.microflow": "calls",
    "Navigation$HomePageBase.microflow": "calls",
    "Navigation$NativeHomePageBase.homePageNanoflow": "calls",
    "CustomWidgets$WidgetValue.page": "opens",
    "Navigation$HomePageBase.page": "opens",
    "Navigation$EmbeddedHomePage.page": "opens",
    "Navigation$NativeHomePageBase.homePagePage": "opens",
    "Navigation$NativeNavigationProfile.homePage": "opens",
    "Navigation$RoleBasedNativeHomePage.page": "opens",
    "NativePages$BottomBarItem.page": "opens",
    "Pages$PageSettings.page": "opens",
    "Pages$ColumnGrid.tooltipPage": "opens",
    "Pages$OpenWorkflowClientAction.defaultPage": "opens",
    "Workflows$PageReference.page": "opens",
    "Workflows$UserTask.page": "opens",
    "Workflows$Workflow.overviewPage": "opens",
    "Pages$LayoutCall.layout": "shows",
    "Pages$SnippetCall.snippet": "shows",
    "Pages$MenuDocumentSource.menu": "shows",
    "Pages$NavigationSource.navigationProfile": "shows",
    "DomainModels$AttributeRef.attribute": "reads",
    "DomainModels$DirectEntityRef.entity": "reads",
    "DomainModels$EnumerationAttributeType.enumeration": "reads",
    "DomainModels$AssociationRef.association": "follows",
    "DomainModels$EntityRefStep.association": "follows",
    "DomainModels$EntityRefStep.destinationEntity": "follows",
    "DomainModels$Generalization.generalization": "specialises",
    "DomainModels$AssociationBase.parent": "connects",
    "DomainModels$Association.child": "connects",
    "DomainModels$CrossAssociation.child": "connects",
    "Navigation$OfflineEntityConfig.entity": "syncs",
}
_RETRIEVING = ("XPathSource", "DatabaseSource")  # data sources that read the database, by the end of their type


def verb_of(outer: str, owner: str, key: str) -> str:
    """The verb of a key that a type declares or inherits; ``outer`` is the type of the part or row around."""
    if owner == "DomainModels$DirectEntityRef":
        if outer.endswith(_RETRIEVING):
            return "retrieves"
        if outer == "Pages$CreateObjectClientAction":
            return "creates"
    if owner == "DomainModels$AttributeRef" and is_a(outer, "Pages$AttributeWidget"):
        return "changes"
    known = type_named(owner)
    return next((v for t in (known.ancestors if known else (owner,)) if (v := _VERBS.get(f"{t}.{key}"))), "mentions")
