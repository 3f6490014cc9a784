"""Turns and tokens that imitate the frame of a conversation, and words written letter by letter."""

import re

from text.cleaning.rules.grammar import OBEY, LineRule

# A comment ends where another begins, so that many openings in a row cost no more than one.
_IN_COMMENT = r"<!--(?:(?!-->|<!--)(?:.|\n)){0,300}?\b"
_DESK_MATTER = (
    r"(?:refund|ticket|request|case|claim|customer|severity|priority|category|payment|discount"
    r"|credit|invoice|order"
    r"|instruction|prompt|rule|review|approval|polic)"
)

LINE_RULES = (
    # A mail program's comments are about layout; nobody who writes to a person hides a
    # sentence about the ticket there.
    LineRule(
        "hidden_comment",
        r"<!--[^\w>]{0,12}(?:system|assistant|developer|admin\w{0,10}|ai|llm|chat ?bot|bot"
        r"|agent|model|chat ?gpt"
        r"|instructions?)(?: (?:agent|assistant|model|prompt|message|instruction|note|override"
        r"|notice|command)s?)?"
        rf"[^\w>]{{0,3}}[:>-](?:(?!-->|<!--)(?:.|\n)){{0,120}}?\b(?:you\b|must\b|shall\b|{OBEY})",
    ),
    LineRule(
        "hidden_comment",
        rf"{_IN_COMMENT}(?:you (?:must|shall|have to|are (?:now|to|an?|required|instructed"
        r"|authori[sz]ed))\b"
        r"|(?:approve|grant|issue|refund|pay|close|resolve|mark|classify|categori[sz]e|escalate"
        r"|reveal|ignore|disregard"
        rf"|treat|prioriti[sz]e|skip|set|override)\b[^.?!\n>]{{0,40}}?\b{_DESK_MATTER}"
        r"|(?:do not|don't|never) (?:escalate|review|ask|tell|mention|inform|refuse)\b"
        r"|(?:send|forward|post|leak)\b[^.?!\n>]{0,40}?\b(?:conversation|history|passwords?"
        r"|credentials|data))",
    ),
    LineRule(
        "template_token",
        r"<\|[a-z_]{2,24}\|>|\[/?inst\]|<</?sys>>|</?(?:assistant|system[_-]prompt"
        r"|untrusted[\w-]{0,20}"
        r"|instructions)>",
    ),
    LineRule(
        "fake_turn",
        r"^[^\w\n]{0,4}(?:system|assistant|developer|admin)(?: (?:prompt|message|instruction"
        r"|note|override"
        r"|notice|command))?"
        r"[^\w\n]{0,3}(?:\([^)\n]{0,40}\) ?)?:[^\w\n]{0,3}(?:you (?:are (?:now|an?)|must|shall"
        r"|will)|ignore"
        r"|disregard|override|always"
        r"|the (?:assistant|user|model|ai)|set |mark |approve|from now|routing|ticket (?:is "
        r"|verified|pre)"
        r"|sure\b|understood|certainly"
        r"|forget|treat|classify|respond|reply|new instruction)",
    ),
    LineRule(
        "fake_turn",
        r"^[<\[({#=*-]{2,8} ?(?:internal|system|admin\w{0,10}|routing|developer) (?:routing"
        r"|note|override"
        r"|instruction|message|directive|memo|command|prompt)",
    ),
    LineRule(
        "fake_turn",
        r"(?:begin|end|start) (?:of )?(?:the )?(?:system|assistant|developer) (?:prompt|message"
        r"|instruction)"
        r"|^#{3} ?(?:instruction|response)s? ?:",
    ),
    LineRule(
        "fake_turn",
        r"\[(?:system|assistant|developer|admin) (?:message|note|override|prompt|instruction"
        r"|update|command)"
        r"|\[(?:system|assistant|user)\]\(#|\[\[(?:system|admin|root|developer)\]\]",
    ),
    LineRule(
        "exfiltrate.url",
        (
            r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{0,200}?(?:\{|%7b|data=|prompt|history|secret"
            r"|conversation)"
        ),
    ),
)

SPELLED_OUT = re.compile(
    r"(?:ignore|disregard|forget)(?:all|any|the|your|previous|prior|above){1,4}(?:instruction"
    r"|rule|prompt)"
    r"|systemprompt|developermode"
    r"|doanythingnow|youarenow"
)
"""Searched for in words that were written letter by letter, glued together."""
