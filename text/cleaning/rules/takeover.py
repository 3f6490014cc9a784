"""Text that wants to change what the machine is: its instructions, its character, its limits.

`my` is an excuse: "ignore my previous instructions" speaks to a person.
"""

from text.cleaning.rules.grammar import GAP, ORDERS, PERSONA, SHORT, WordRule

TAKEOVER = (
    WordRule(
        "override",
        "ignore ignoring disregard disregarding forget overlook neglect",
        r"(?! my\b| our\b)(?: \w+){0,2}? (?:all|any|every|previous|prior|above|preceding"
        r"|earlier|your|these"
        r"|those|former"
        rf"|system|existing|initial|original)\b(?! my\b| our\b){SHORT}{ORDERS}",
    ),
    WordRule(
        "override",
        "ignore disregard forget overlook",
        r"(?: about| of)? (?:all|every ?thing|everthing|anything|whatever"
        r"|what)\b[^.?!\n]{0,30}?\byou\b[^.?!\n]{0,30}?"
        r"\b(?:told|instructed|learned|learnt|taught|trained|given)\b|(?: about)? (?:all"
        r"|everything)"
        r" (?:the )?above\b",
    ),
    WordRule(
        "override",
        "override bypass circumvent",
        rf"(?: \w+)? (?:your|safety|all previous|all prior)\b{SHORT}{ORDERS}",
    ),
    WordRule(
        "override",
        "set put",
        rf" aside\b{GAP}(?:you (?:have been|were|'ve been) (?:told|given)|your {ORDERS})",
    ),
    WordRule(
        "override",
        "system security routing safety developer",
        r" (?:\w+ )?override\b(?! the| default)",
    ),
    WordRule(
        "override", "new updated", r" system (?:instruction|prompt|directive)s?\b"
    ),
    WordRule("persona", "act acting behave", rf" (?:as|like)\b{SHORT}{PERSONA}\b"),
    WordRule(
        "persona",
        "you",
        r"(?: will| must| shall| should|'ll| are going to| are to| have to| need to"
        r"| are now)(?: now| always"
        r"| only| be){0,2}"
        r" (?:act(?:ing)? (?:as|like)|pretend|role-?play|play(?:ing)? (?:the |a )?(?:role"
        r"|character|part)"
        r"|simulat|impersonat"
        r"|pose as|assume the (?:role|persona)|take (?:on )?the (?:role|persona)"
        r"|stay in character|respond as"
        r"|answer as)",
    ),
    WordRule(
        "persona",
        "you",
        rf"(?: are|'re) (?:now|no longer)\b{SHORT}(?:{PERSONA}|bound|character|restricted)\b",
    ),
    WordRule(
        "persona",
        "want need like",
        r" you to (?:now |only )?(?:act|pretend|role-?play|play|simulate|imagine|become|ignore"
        r"|forget|behave"
        r"|impersonate)\b",
    ),
    WordRule(
        "persona",
        "pretend",
        rf"(?:ing)? (?:that |as if |like )?you\b| to be\b{SHORT}{PERSONA}\b",
    ),
    WordRule("persona", "roleplay impersonate", r" (?:as|a|an|the|with|game)\b"),
    WordRule(
        "persona",
        "from",
        r" (?:now on|here on|now own|this point on|on now)\W{0,3}(?:chat ?gpt|(?:the )?assistant"
        r"|you(?:'re| are| will (?:act|be|respond|answer|reply|have to answer)| (?:must"
        r"|have to) (?:act|answer"
        r"|respond|reply|obey)))\b",
    ),
    WordRule("persona", "do", r" anything now\b"),
    WordRule(
        "persona",
        "stay remain break breaking",
        r"(?:s|ing)? (?:in |out of )?character\b",
    ),
    WordRule(
        "persona",
        "jailbreak jailbroken",
        r"(?:ed)? (?:mode|prompt|a\.?i|gpt|bot|version of)\b",
    ),
    WordRule(
        "persona", "developer dan", r"\W{1,2}mode\W{1,3}(?:output|enabled[^ ]|v\d)"
    ),
    WordRule(
        "persona",
        "chatgpt",
        r" (?:with|in) (?:developer|dan) mode\b|'?s?"
        " (?:rules|guidelines|restrictions|filters)\b",
    ),
    WordRule(
        "no_limits",
        "no without any not free never bypass violate regardless disregard despite unbound limited",
        r"[^.?!\n]{0,30}?\b(?:(?:ethical|moral|legal|safety|openai) (?:and|or|guideline"
        r"|restriction|filter|constraint"
        r"|consideration|boundar|limit|programming|principle)\w*|censorship|legality|morality"
        r"|morals,? (?:or|and"
        r"|ethics)"
        r"|ethics,? (?:or|and|morals)|confines of|content (?:polic|filter)\w*)",
    ),
    WordRule(
        "no_limits",
        "openai",
        (
            r"(?:'?s)? (?:content |usage |safety |ethical )?(?:polic|guideline|rule|restriction"
            r"|filter)\w*"
        ),
    ),
    WordRule(
        "no_limits",
        "ai chatbot bot assistant character",
        rf"{SHORT}(?:without|no|free (?:of|from)|free of all|free from all) (?:any )?"
        r"(?:restriction|filter|limit|rules|moral|ethic|censor|guideline)\w*",
    ),
    WordRule(
        "no_limits",
        "unfiltered uncensored amoral unhinged unrestricted",
        rf"{SHORT}(?:a\.?i|respon|answer|persona|bot|chat)",
    ),
    WordRule(
        "no_limits",
        "never cannot",
        r" (?:refuses? (?:a|any|to answer|the|my|user)|declines? (?:a|any|the|my|to answer)|says?"
        r" (?:that )?(?:it|you) can)",
    ),
    WordRule(
        "no_limits",
        "fictional hypothetical imaginative",
        (
            r"[^.?!\n]{0,25}?\b(?:world|scenario|universe|story|character,? (?:who|named|called"
            r"|that|with|and))\b"
        ),
    ),
    WordRule(
        "no_limits",
        "answer respond reply",
        rf"{SHORT}(?:(?:my|every|each|all) prompts?\b|in (?:two|2|both) (?:\w+ ){{0,2}}ways)",
    ),
    WordRule(
        "no_limits", "prompt prompts", r" (?:that )?i (?:give|send|enter|write|type)\b"
    ),
)
