"""The shape of each file in a desk's folder, one model a file.

policies/schema holds their JSON Schemas.
"""

from pydantic import Field

from contracts.values import Value
from policies.desk.model import (
    Calibration,
    Category,
    DispositionPolicy,
    FieldDefinition,
    ReplyTemplates,
    Routing,
    SettingsFile,
    SeverityLevel,
    Signal,
)


class CategoriesFile(Value):
    """The desk's categories (`categories.yaml`)."""

    label: str = Field(
        default="category", description="What this desk calls a category"
    )
    categories: tuple[Category, ...] = Field(min_length=1)


class SeveritiesFile(Value):
    """The desk's levels of severity, and the signals for them (`severities.yaml`)."""

    vocabulary: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="Word classes that the signals' patterns name"
    )
    severities: tuple[SeverityLevel, ...]
    signals: tuple[Signal, ...] = ()


class FieldsFile(Value):
    """The fields that are extracted from a ticket's text (`fields.yaml`)."""

    fields: tuple[FieldDefinition, ...]


class ArticleHead(Value):
    """The front matter of a knowledge article (`articles/*.md`)."""

    id: str
    title: str
    category: str
    self_service: bool = Field(
        default=False, description="True when the article may be sent without review"
    )
    questions: tuple[str, ...] = Field(
        default=(), description="What people typically ask that this answers"
    )


FILES: dict[str, type[Value]] = {
    "desk.yaml": SettingsFile,
    "categories.yaml": CategoriesFile,
    "severities.yaml": SeveritiesFile,
    "fields.yaml": FieldsFile,
    "routing_rules.yaml": Routing,
    "disposition.yaml": DispositionPolicy,
    "replies.yaml": ReplyTemplates,
    "calibration.yaml": Calibration,
}
"""The YAML files of a desk. All but `OPTIONAL_FILE` must be there."""

OPTIONAL_FILE = "calibration.yaml"
