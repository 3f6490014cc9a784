"""A small desk on disk, complete and in order, for tests to spoil in one place."""

from pathlib import Path

import pytest

FILES = {
    "desk.yaml": """\
title: Bicycle repairs
fallback_category: other
""",
    "categories.yaml": """\
label: job
categories:
  - id: brakes
    title: Brakes
    description: The bicycle does not stop.
    exemplars: [The brake squeals., The lever is loose., It does not stop., New pads please.]
    required_fields: [frame_number]
  - id: other
    title: Anything else
    description: Everything that is no brake.
    exemplars: [When are you open?, Do you sell bells?, Where are you?, Can I rent one?]
""",
    "severities.yaml": """\
vocabulary:
  HURT: [injured, hurt]
severities:
  - {id: critical, title: Critical, description: Danger., sla_hours: 1, priority: urgent}
  - {id: high, title: High, description: Cannot ride., sla_hours: 4, priority: high}
  - {id: medium, title: Medium, description: Rides badly., sla_hours: 24, priority: normal}
  - {id: low, title: Low, description: A question., sla_hours: 72, priority: low}
signals:
  - {id: injury, severity: critical, reason: Somebody is hurt., patterns: ['\\b{HURT}\\b']}
  - {id: stuck, severity: high, reason: It does not move., patterns: ['does not (?:move|ride)']}
  - {id: noise, severity: medium, reason: Noise., patterns: [squeal, rattle], unless: [bell]}
""",
    "fields.yaml": """\
fields:
  - {name: frame_number, kind: pattern, title: Frame number, pattern: 'FR-\\d{4}'}
  - {name: hurry, kind: keywords, title: Hurry, terms: [now, soon]}
""",
    "routing_rules.yaml": """\
fallback_team: counter
critical_team: owner
teams:
  - {id: workshop, title: Workshop, categories: [brakes], escalation_path: [master],
     priority_floor: normal}
  - {id: counter, title: Counter, categories: [other], escalation_path: [owner]}
  - {id: owner, title: Owner, escalation_path: [insurance]}
""",
    "disposition.yaml": """\
id: repairs
version: 1
owner: owner
rules:
  - {id: known, when: {category: [brakes, other], actionable: true}, grant: assign, reason: Known.}
  - {id: simple, when: {category: other, amount: {max: 0}}, grant: auto_resolve, reason: Plain.}
  - {id: danger, when: {severity: {min: critical}}, require: escalate, reason: Danger.}
""",
    "replies.yaml": """\
signature: The workshop
tones:
  formal: &words
    greeting_named: Dear {name},
    greeting: Good day,
    acknowledgment: Thank you for telling us about {issue}.
    timeline: You hear from us within {time}.
    if_not_solved: Else you hear from us in {time}.
    closing: Yours, {signature}
    ask: 'Please send us: {items}'
    source_intro: 'This helps:'
    no_source: We look at it.
    unclear: What has happened?
  friendly: *words
  technical: *words
acknowledgments: {brakes: the brakes}
""",
    "articles/opening-hours.md": """\
---
id: opening-hours
title: Opening hours
category: other
self_service: true
---
We are open from nine
to five.

1. Look at the door.
2. Push it,
   if it is open.

On Sundays we ride.
""",
    "articles/brake-pads.md": """\
---
id: brake-pads
title: Brake pads
category: brakes
---
Worn pads are replaced while you wait.
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a valid desk named `repairs`."""
    desk = tmp_path / "repairs"
    (desk / "articles").mkdir(parents=True)
    for name, text in FILES.items():
        (desk / name).write_text(text, encoding="utf-8")
    return desk
