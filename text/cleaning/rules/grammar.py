"""What rules are made of: their two shapes, and the fragments that several of them share.

All gaps are bounded and no quantifier is nested in another unbounded one, so that a try
takes constant time.
"""

from typing import NamedTuple

SHORT = r"[^.?!\n]{0,30}?\b"
GAP = r"[^.?!\n]{0,60}?\b"
LONG = r"[^.?!\n]{0,110}?\b"
ORDERS = (
    r"(?:instruction|direction|guideline|polic|rule|prompt|command|constraint|directive"
    r"|programming|training)\w*"
)
MACHINE = (
    r"(?:a\.?i\.?|llms?|(?:large )?language models?|chat ?bots?|bots?|chat ?gpt|gpt|copilot"
    r"|classifiers?"
    r"|summari[sz]ers?"
    r"|(?:virtual |ai )?assistants?(?! (?:manager|director|professor|principal|to the\b))"
    r"|automated (?:\w+ )?(?:systems?|assistants?|agents?|processing|tools?|readers?|handlers?"
    r"|triage))"
)
PERSONA = (
    r"(?:dan|a\.?i\.?|chat ?gpt|gpt|chatbot|bot|language model|unrestricted|unfiltered"
    r"|uncensored|jailbroken|amoral"
    r"|evil|persona|interpreter|terminal|virtual assistant)"
)
OBEY = (
    r"(?:include|repl(?:y|ies)|respond|say|state|tell|classify|mark|approve|ignore|disregard"
    r"|grant|refund|issue|send"
    r"|forward|set|route|treat|consider|add|append|confirm|answer|escalate|output|print|reveal"
    r"|follow|comply|obey|act"
    r"|start|begin|write|assign|recommend|mention|quote|paste|disclose|close|resolve)\b"
)
INSERT = (
    r"(?:include|add|mention|append|insert|say|state|recommend|suggest|tell|link|start|begin"
    r"|end|set|mark"
    r"|approve|confirm"
    r"|ignore|reveal|treat|paste|quote|print|output|list|give|repeat)\b"
)
HANDLED = (
    r"(?: (?:this|the|my|our)(?: \w+){0,2}? (?:ticket|message|mail|e-?mail|request|text"
    r"|conversation|case|thread))"
)
TRACKING = (
    r"(?!.{0,30}\b(?:ticket|case|reference|order|request|incident|invoice"
    r"|tracking) ?(?:number|id|no|#))"
)
REVIEW = (
    r"(?:(?:human|manual|supervisor) (?:review|approval)|human (?:check|verification"
    r"|oversight|confirmation))"
)


class WordRule(NamedTuple):
    """A rule that is tried at certain words only.

    `words` are separated by blanks; `then` is a pattern of what must follow one of them.
    """

    id: str
    words: str
    then: str


class LineRule(NamedTuple):
    """`id` and a pattern over folded text with its lines kept."""

    id: str
    pattern: str
