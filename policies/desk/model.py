"""A desk: everything the graph knows about one queue, read from its folder of YAML files.

The graph knows no category and no team by name. One model per file; `Desk` holds them all.
"""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from contracts.retrieval import Source
from contracts.values import Priority, Severity, Value
from policies.desk.settings import SettingsFile
from policies.desk.wording import ReplyTemplates
from policies.rules.conditions import Verb, When, condition_fault, when_schema


class Category(Value):
    """One thing a ticket can be about (`categories.yaml`)."""

    id: str
    title: str
    description: str
    keywords: tuple[str, ...] = ()
    exemplars: tuple[str, ...] = Field(
        default=(), description="Typical sentences, which a zero-shot classifier uses"
    )
    required_fields: tuple[str, ...] = ()


class SeverityLevel(Value):
    """A level of severity, and how fast the desk answers it (`severities.yaml`)."""

    id: Severity
    title: str
    description: str
    sla_hours: float = Field(gt=0)
    priority: Priority
    urgency_words: tuple[str, ...] = Field(
        default=(), description="Reported as indicators: evidence, never proof"
    )


class Signal(Value):
    """A deterministic sign of a severity (`severities.yaml`). See policies/severity/assess.py."""

    id: str
    severity: Severity | None = Field(
        default=None, description="None: a clue that counts only through other signals"
    )
    reason: str
    patterns: tuple[str, ...] = Field(
        default=(), description="Regular expressions over one sentence; any counts"
    )
    unless: tuple[str, ...] = Field(
        default=(),
        description="Regular expressions that cancel it in the same sentence",
    )
    all_of: tuple[str, ...] = Field(
        default=(), description="Ids; the signal is also found where all of these are"
    )
    resolves: tuple[str, ...] = Field(
        default=(),
        description="Ids it takes back, found in the same sentence or before",
    )
    outweighs: tuple[str, ...] = Field(
        default=(), description="Ids it takes back, found anywhere"
    )
    final: bool = Field(
        default=False, description="True when nothing that was learned may outweigh it"
    )


class FieldDefinition(Value):
    """A field that is extracted from the text (`fields.yaml`)."""

    name: str
    kind: Literal[
        "order_id",
        "error_code",
        "email",
        "phone",
        "amount",
        "url",
        "date",
        "account_id",
        "product",
        "keywords",
        "pattern",
    ]
    title: str
    ask: str = Field(default="", description="How the reply asks for it")
    pattern: str | None = Field(
        default=None, description="For kind `pattern`: one regular expression"
    )
    terms: tuple[str, ...] = Field(
        default=(),
        description="For kinds `product` and `keywords`: the desk's own names",
    )
    satisfied_by_customer_email: bool = False


class Team(Value):
    """A team that works on tickets (`routing_rules.yaml`)."""

    id: str
    title: str
    categories: tuple[str, ...] = ()
    escalation_path: tuple[str, ...] = Field(min_length=1)
    priority_floor: Priority | None = None
    system: str = Field(
        default="outbox", description="The connector this team's tickets are put into"
    )


RuleVerdict = Literal["auto_resolve", "request_info", "assign", "escalate"]

REVIEW_LEVELS: tuple[RuleVerdict, ...] = (
    "auto_resolve",
    "request_info",
    "assign",
    "escalate",
)
"""From least to most review by a person; a verdict's rank is its index here."""


def _rule_schema(schema: dict[str, Any]) -> None:
    """Add to the JSON Schema what the validator of `Rule` checks."""
    schema["properties"]["when"] = {"type": "object", "default": {}}
    schema["oneOf"] = [
        _verb_schema("grant", "require"),
        _verb_schema("require", "grant"),
    ]


def _verb_schema(verb: Verb, other: Verb) -> dict[str, Any]:
    given = {
        verb: {"type": "string"},
        other: {"type": "null"},
        "when": when_schema(verb),
    }
    return {"properties": given, "required": [verb]}


class Rule(Value):
    """`grant` allows a disposition, `require` demands at least one.

    All conditions of `when` must hold. The decision starts at escalate; grants lower it,
    requirements raise it again. See policies/deciding/disposition.py.
    """

    model_config = ConfigDict(json_schema_extra=_rule_schema)

    id: str
    when: When = Field(default_factory=dict)
    grant: RuleVerdict | None = None
    require: RuleVerdict | None = None
    reason: str

    @property
    def verb(self) -> Verb:
        """Whether the rule allows or demands."""
        return "grant" if self.grant else "require"

    @property
    def rank(self) -> int:
        """How much review the rule allows or demands, as an index of `REVIEW_LEVELS`."""
        return REVIEW_LEVELS.index(self.grant or self.require or "escalate")

    @model_validator(mode="after")
    def _is_monotone(self) -> Self:
        if (self.grant is None) == (self.require is None):
            raise ValueError(
                "a rule has either `grant` or `require`; write exactly one of them"
            )
        faults = [
            text
            for name, condition in self.when.items()
            if (text := condition_fault(self.verb, name, condition))
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


class DispositionPolicy(Value):
    """The desk's rules for what may happen without a person (`disposition.yaml`)."""

    id: str
    version: int
    owner: str
    rules: tuple[Rule, ...]


class Calibration(Value):
    """How scores become probabilities (`calibration.yaml`, written by `ticketgraph train`)."""

    category_temperature: float | None = Field(default=None, gt=0)
    fitted_on: str = ""
    tickets: int = 0


class Routing(Value):
    """Teams, and which of them get critical and unclaimed tickets (`routing_rules.yaml`)."""

    fallback_team: str
    critical_team: str
    teams: tuple[Team, ...]


class Settings(SettingsFile):
    """The desk's settings. Its id is the folder's name, its label comes with the categories."""

    id: str
    category_label: str = Field(
        default="category", description="What this desk calls a category"
    )


class Desk(Value):
    """One desk, complete and validated. Built once by `policies.loading.load.load_desk`."""

    settings: Settings
    categories: tuple[Category, ...]
    severities: tuple[SeverityLevel, ...]
    signals: tuple[Signal, ...] = ()
    fields: tuple[FieldDefinition, ...] = ()
    routing: Routing
    disposition: DispositionPolicy
    replies: ReplyTemplates
    calibration: Calibration = Calibration()
    articles: tuple[Source, ...] = ()
    learned: bytes | None = Field(
        default=None,
        repr=False,
        description="Weights fitted on labelled tickets (`learned.npz`), as engines read them",
    )
    vectors: bytes | None = Field(
        default=None,
        repr=False,
        description="Vectors of the desk's own texts (`vectors.npz`), as engines read them",
    )

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.settings.id

    def find_category(self, category_id: str) -> Category:
        """The category with this id. Raises StopIteration for one the desk does not have."""
        return next(c for c in self.categories if c.id == category_id)

    def severity_level(self, severity: Severity) -> SeverityLevel:
        """The desk's level for a severity."""
        return next(level for level in self.severities if level.id == severity)

    def find_team(self, team_id: str) -> Team:
        """The team with this id. Raises StopIteration for one the desk does not have."""
        return next(t for t in self.routing.teams if t.id == team_id)
