"""Kinds of documents that live on the server: mappings, services, workflows, schedules, queues."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, kind


@kind(
    "Mappings$MappingDocument",
    "Mappings$MappingSourceDocument",
    "XmlSchemas$MxSchema",
    "MessageDefinitions$MessageDefinitionCollection",
    "MessageDefinitions$MessageDefinition2",
    "DataTransformers$DataTransformer",
)
class MappingDocument(Kind):
    """An import or export mapping, or what one is made for: a JSON structure, a schema, messages."""


@kind("DataSets$DataSet", "DomainModels$ViewEntitySourceDocument")
class Query(Kind):
    """A data set, or the OQL of a view entity."""


@kind("DocumentTemplates$DocumentTemplate")
class DocumentTemplate(Kind):
    pass


@kind("Rest$PublishedRestService")
class PublishedRest(Kind):
    pass


@kind("ODataPublish$PublishedODataService2", "Rest$PublishedODataService")
class PublishedOData(Kind):
    pass


@kind("WebServices$PublishedServiceBase", "WebServices$ImportedWebService", "AppServices$ConsumedAppService")
class WebService(Kind):
    """A published or consumed web service, or an app service of older versions."""


@kind("Rest$ConsumedRestService")
class ConsumedRest(Kind):
    pass


@kind("DomainModels$RemoteEntitySourceDocument")
class RemoteSource(Kind):
    """A consumed OData service, or another source of external entities."""


@kind(
    "BusinessEvents$BusinessEventService",
    "BusinessEvents$ConsumedBusinessEventService",
    "BusinessEvents$PublishedBusinessEventService",
    "Kafka$PublishedKafkaService",
    "Kafka$ConsumedKafkaService",
)
class EventService(Kind):
    """Business events, under whatever name a version stores them."""


@kind("ChangeDataCapture$EntityChangeDataCaptureService")
class ChangeCapture(Kind):
    pass


@kind("DatabaseConnector$DatabaseConnection")
class DatabaseConnection(Kind):
    pass


@kind("Workflows$Workflow")
class Workflow(Kind):
    pass


@kind("ScheduledEvents$ScheduledEvent")
class ScheduledEvent(Kind):
    pass


@kind("Queues$Queue")
class Queue(Kind):
    pass


@kind("MLMappings$MLMappingDocument")
class ModelMapping(Kind):
    """The mapping of a machine learning model."""


@kind("Authentication$Authentication", "ConnectorKit$Connector", "ConnectorKit$ConnectorType")
class Connector(Kind):
    """How the server signs in to a service, or connects to one."""


@kind("CustomBlobDocuments$CustomBlobDocument")
class ExtensionDocument(Kind):
    """A document that belongs to an extension of Studio Pro."""
