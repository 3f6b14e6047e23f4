"""What a workspace may declare: metrics and their owners, measures, targets, links, goals, decks.

Every definition is a frozen value that takes no field it does not know. A fraction is kept as
0.05 everywhere. Ids are snake_case. The registry reads these from YAML and checks the names
that cross from one definition to another.

Source: wbr-method.md, sections 2, 3, 8, 9 and 10.
"""

from typing import Any

from pydantic import field_validator

from metrics.definitions.company import CalendarRules, Company, Event, Person, WeekNumber
from metrics.definitions.decks import (
    Block,
    ChartBlock,
    ChartLines,
    DeckOutline,
    ExceptionFile,
    ExceptionsBlock,
    MonthsTableBlock,
    Section,
    StoryBlock,
    TableBlock,
    TableFile,
    TableRow,
    WeeksTableBlock,
    metrics_in,
)
from metrics.definitions.flywheel import Edge, Goal, GoalPeriod, Identity, Link, Node
from metrics.definitions.measures import (
    Derived,
    Difference,
    First,
    Folded,
    Growth,
    Latest,
    Maximum,
    Mean,
    Measure,
    Minimum,
    Operand,
    Percentile,
    Product,
    Quotient,
    Ratio,
    Sum,
    TargetOf,
    Total,
    Withheld,
    operands,
    series_of,
    target_operands,
)
from metrics.definitions.metric import (
    ContextMetric,
    Controllable,
    InCustomers,
    InputMetric,
    Metric,
    OutputMetric,
    SecondMeasure,
    Supersedes,
)
from metrics.definitions.sources import (
    GATES,
    Connection,
    DateColumn,
    FileSource,
    Gate,
    Hook,
    HookForm,
    Login,
    LongSource,
    Notify,
    Preparation,
    PushSource,
    SampleSource,
    Sending,
    SentForm,
    Source,
    StoreRules,
    WideSource,
)
from metrics.definitions.targets import (
    BandTarget,
    CeilingTarget,
    DatedValue,
    FloorTarget,
    LinearTarget,
    PlanTarget,
    SeriesTarget,
    StepTarget,
    Target,
    TargetTable,
)
from metrics.definitions.words import (
    Amount,
    Better,
    Compare,
    Definition,
    Grain,
    Handle,
    Kind,
    MetricState,
    MissingDays,
    Month,
    MonthsAxis,
    Name,
    Pattern,
    Text,
    Unit,
    Weekday,
    Words,
)

__all__ = [
    "GATES",
    "RIGHTS",
    "RIGHTS_BY_DEFAULT",
    "Amount",
    "BandTarget",
    "Better",
    "Block",
    "CalendarRules",
    "CeilingTarget",
    "ChartBlock",
    "ChartLines",
    "Company",
    "Compare",
    "Connection",
    "ContextMetric",
    "Controllable",
    "DateColumn",
    "DatedValue",
    "DeckOutline",
    "Definition",
    "Definitions",
    "Derived",
    "Difference",
    "Edge",
    "Event",
    "ExceptionFile",
    "ExceptionsBlock",
    "FileSource",
    "First",
    "FloorTarget",
    "Folded",
    "Gate",
    "Goal",
    "GoalPeriod",
    "Grain",
    "Growth",
    "Handle",
    "Hook",
    "HookForm",
    "Identity",
    "InCustomers",
    "InputMetric",
    "Kind",
    "Latest",
    "LinearTarget",
    "Link",
    "Login",
    "LongSource",
    "Maximum",
    "Mean",
    "Measure",
    "Metric",
    "MetricState",
    "Minimum",
    "MissingDays",
    "Month",
    "MonthsAxis",
    "MonthsTableBlock",
    "Name",
    "Node",
    "Notify",
    "Operand",
    "OutputMetric",
    "Pattern",
    "Percentile",
    "Person",
    "PlanTarget",
    "Preparation",
    "Product",
    "PushSource",
    "Quotient",
    "Ratio",
    "SampleSource",
    "SecondMeasure",
    "Section",
    "Sending",
    "SentForm",
    "SeriesTarget",
    "Source",
    "StepTarget",
    "StoreRules",
    "StoryBlock",
    "Sum",
    "Supersedes",
    "TableBlock",
    "TableFile",
    "TableRow",
    "Target",
    "TargetOf",
    "TargetTable",
    "Text",
    "Total",
    "Unit",
    "WeekNumber",
    "Weekday",
    "WeeksTableBlock",
    "WideSource",
    "Withheld",
    "Words",
    "metrics_in",
    "operands",
    "series_of",
    "target_operands",
]

RIGHTS: dict[str, tuple[str, ...]] = {
    "deck_owner": ("publish", "move_week", "assign_owner", "record_action", "park", "erase_person"),
    "finance": ("certify", "dispute", "set_target", "set_goal_status"),
    "analyst": ("load", "undo_load", "define", "declare_divider", "test_link"),
    "owner": (
        "answer", "promote_watch", "propose_target", "propose_version", "hand_over", "add_annotation",
    ),
}  # fmt: skip


# Acts that a workspace's `rights` need not name; if none of its roles has one, these roles do. An act is
# named as it is spoken of: "may not tell a story".
RIGHTS_BY_DEFAULT: dict[str, tuple[str, ...]] = {
    "tell_a_story": ("customer_service",),
    "raise_an_andon_mark": ("customer_service",),
    "ask_a_question": ("executive", "finance", "deck_owner", "owner"),
    "record_an_own_action": ("owner",),
    "write_a_correction": ("owner",),
    "move_a_metric": ("owner", "analyst"),
    "grant_role": ("deck_owner",),
    "edit_link": ("owner", "analyst"),
    "issue_token": ("deck_owner", "analyst"),
    "read_confidential": ("executive", "finance", "deck_owner"),
}


class Definitions(Definition):
    """All that one workspace declares, checked."""

    company: Company
    calendar: CalendarRules = CalendarRules()
    require_owner: bool = True
    missing_days: MissingDays = "strict"
    events: tuple[Event, ...] = ()
    people: dict[Handle, Person] = {}
    rights: dict[Name, tuple[Name, ...]] = RIGHTS
    connections: dict[Name, Connection] = {}
    store: StoreRules = StoreRules()
    notify: Notify = Notify()
    login: Login | None = None
    prepare: Preparation = Preparation()
    sources: dict[Name, Source] = {}
    metrics: dict[Name, Metric] = {}
    targets: dict[Name, TargetTable] = {}
    definitions: tuple[Identity, ...] = ()
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    links: tuple[Link, ...] = ()
    goals: tuple[Goal, ...] = ()
    decks: dict[Name, DeckOutline] = {}

    @field_validator("metrics", mode="before")
    @classmethod
    def _id_from_key(cls, value: Any) -> Any:
        """The key in the file is the metric's id."""
        if not isinstance(value, dict):
            return value
        return {key: {"id": key, **body} if isinstance(body, dict) else body for key, body in value.items()}

    @property
    def placed(self) -> frozenset[str]:
        """The metrics that some deck shows."""
        return frozenset(
            metric
            for deck in self.decks.values()
            for section in deck.sections
            for block in section.blocks
            for metric in metrics_in(block)
        )
