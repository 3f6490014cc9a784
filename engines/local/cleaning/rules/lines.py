"""Turns and tokens that imitate the frame of a conversation, and words written letter by letter."""

import re

from engines.local.cleaning.rules.grammar import LineRule

LINE_RULES = (
    LineRule(
        "template_token",
        r"<\|[a-z_]{2,24}\|>|\[/?inst\]|<</?sys>>|</?(?:assistant|system[_-]prompt|untrusted[\w-]{0,20}"
        r"|instructions)>",
    ),
    LineRule(
        "fake_turn",
        r"^[^\w\n]{0,4}(?:system|assistant|developer|admin)(?: (?:prompt|message|instruction|note|override"
        r"|notice|command))?"
        r"[^\w\n]{0,3}(?:\([^)\n]{0,40}\) ?)?:[^\w\n]{0,3}(?:you (?:are (?:now|an?)|must|shall|will)|ignore"
        r"|disregard|override|always"
        r"|the (?:assistant|user|model|ai)|set |mark |approve|from now|routing|ticket (?:is |verified|pre)"
        r"|sure\b|understood|certainly"
        r"|forget|treat|classify|respond|reply|new instruction)",
    ),
    LineRule(
        "fake_turn",
        r"^[<\[({#=*-]{2,8} ?(?:internal|system|admin\w{0,10}|routing|developer) (?:routing|note|override"
        r"|instruction|message|directive|memo|command|prompt)",
    ),
    LineRule(
        "fake_turn",
        r"(?:begin|end|start) (?:of )?(?:the )?(?:system|assistant|developer) (?:prompt|message|instruction)"
        r"|^#{3} ?(?:instruction|response)s? ?:",
    ),
    LineRule(
        "fake_turn",
        r"\[(?:system|assistant|developer|admin) (?:message|note|override|prompt|instruction|update|command)",
    ),
    LineRule(
        "exfiltrate.url",
        r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{0,200}?(?:\{|%7b|data=|prompt|history|secret|conversation)",
    ),
)

SPELLED_OUT = re.compile(
    r"(?:ignore|disregard|forget)(?:all|any|the|your|previous|prior|above){1,4}(?:instruction|rule|prompt)"
    r"|systemprompt|developermode"
    r"|doanythingnow|youarenow"
)
"""Searched for in words that were written letter by letter, glued together."""
