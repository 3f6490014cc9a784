"""The groups of endpoints in the API's document."""

TAGS = [
    {
        "name": "workflow",
        "description": "Run a ticket through the whole graph, or through one step of it",
    },
    {"name": "tickets", "description": "Store, read and list tickets"},
    {
        "name": "short tickets",
        "description": "The same tickets in short form, evaluated on request",
    },
    {"name": "webhook", "description": "Tickets of the internal helpdesk"},
    {
        "name": "runs",
        "description": "Results, checkpoints and live events of runs; forks of them",
    },
    {"name": "approvals", "description": "Questions to a person, and the answers"},
    {
        "name": "dead letters",
        "description": "Runs that failed at every attempt, and retrying them",
    },
    {
        "name": "effects",
        "description": "What the system sends out, and decisions on unclear outcomes",
    },
    {"name": "service", "description": "What the service is, and whether it works"},
]
