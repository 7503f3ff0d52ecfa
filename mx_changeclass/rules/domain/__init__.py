"""Rules of the domain model: entities, attributes, associations, enumerations."""
