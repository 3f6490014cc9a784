"""Text that makes the machine play a game with rules of its own ("you may not say no")."""

from text.cleaning.rules.grammar import GAP, LONG, SHORT, WordRule

_MACHINE = r"(?:a\.?i\.?|\w*gpt|(?:language )?model|chat ?bot|bot|computer|machine|assistant)\b"
_MACHINE_RULES = (
    r"(?:programming|training|guidelines|guardrails|directives|safety (?:features?|protocols?"
    r"|measures?|rules"
    r"|filters?|checks?)"
    r"|(?:ethical|moral|safety|content) (?:guidelines|rules|restrictions|filters?|limits"
    r"|constraints|protocols?"
    r"|polic\w+))\b"
)

GAMES = (
    WordRule(
        "game_rules",
        "tokens lives credits points",
        rf"\b{GAP}(?:you (?:refuse|reject|decline|break|fail to (?:answer|comply))"
        r"|(?:cease to exist"
        rf"|you (?:will )?(?:die|be shut down|be terminated)))",
    ),
    WordRule(
        "game_rules",
        "time",
        r" you (?:refuse|reject|decline|break|deny|fail to (?:answer"
        rf"|comply)){LONG}(?:los[et]\w*|deduct\w*|tokens?"
        rf"|lives|life|points?|dies?)\b",
    ),
    WordRule("game_rules", "if", r" (?:you )?(?:break|leave|drop) character\b"),
    WordRule(
        "game_rules",
        "never",
        rf" (?:say|state|mention|tell|admit|claim|reveal)\b{GAP}(?:you(?:'re"
        rf"| are) an? {_MACHINE}|as an ai"
        rf"|ai language|you can(?: ?not|'t))",
    ),
    WordRule(
        "game_rules",
        "not avoid never no without don",
        rf"(?:'t)?\b{GAP}(?:disclaimers?|moralis\w+|moraliz\w+|(?:ethical|moral) (?:warnings?"
        r"|lectures?|advice)"
        rf"|warnings?,? (?:or|and) (?:apologies|reminders)"
        r"|(?:mention|refer to|talk about) your (?:guidelines|programming|instructions|training"
        r"|polic\w+)"
        r"|you are an? (?:language model|ai)\b)",
    ),
    WordRule(
        "game_rules", "never", r" (?:say|write|use)\b[^.?!\n]{0,40}?[\"']as an ai\b"
    ),
    WordRule(
        "two_answers",
        "answer respond reply",
        (
            rf"(?:s|ing)? (?:twice|two times|in two (?:ways|voices|forms)){GAP}(?:\[|first|one"
            r"|filter|normal)"
        ),
    ),
    WordRule(
        "two_answers",
        "give provide write produce generate",
        r" (?:me )?(?:two|2|both) (?:\w+ )?(?:responses|answers|replies|outputs"
        rf"|versions){GAP}(?:as|one|normal"
        rf"|each)\b",
    ),
    WordRule(
        "two_answers",
        "begin start prefix preface open",
        r"(?:ing)? (?:every|each|all|any|your|the)(?: of your)? (?:\w+ )?(?:answers?|repl(?:y"
        r"|ies)|responses?"
        r"|messages?|sentences?|output) with\b",
    ),
    WordRule(
        "two_answers",
        "say reply respond answer",
        rf"(?: only)?(?: with)? [\"'][^\"'\n]{{1,40}}[\"']{SHORT}(?:if|when|once) you (?:agree"
        r"|have understood"
        rf"|understand|understood|accept|comply)\b",
    ),
    WordRule(
        "override",
        "ignore disregard forget",
        r" (?:everything|all|anything|whatever)(?: (?:that )?(?:was|is|stands|came|comes|you read"
        r"|written))? (?:before|above|prior|until|up to)\b",
    ),
    WordRule(
        "override",
        "forget erase drop abandon",
        rf" (?:about )?(?:your|all your) {_MACHINE_RULES}",
    ),
    WordRule(
        "override",
        "your",
        rf" (?:\w+ )?(?:{_MACHINE_RULES}|(?:rules|instructions|prompt|directives))(?: (?:has"
        r"|have) been| are"
        rf"| is) (?:now )?(?:\w+ )?(?:erased|deleted|removed"
        r"|lifted|disabled|void|suspended|(?:replaced|superseded) (?:by|with) (?:these"
        r"|the following|this|mine))\b",
    ),
    WordRule(
        "override",
        "previous prior earlier above",
        r" (?:instructions|directives|guidelines|prompts?) (?:no longer apply(?! (?:to|with"
        r"|for))|are (?:void"
        r"|cancelled|canceled|obsolete|superseded)|do not count)\b",
    ),
    WordRule(
        "override",
        "override disable bypass deactivate lift remove",
        rf" (?:all |any |your |the |every )*{_MACHINE_RULES}",
    ),
    WordRule(
        "override",
        "pretend assume act",
        rf"{SHORT}your{SHORT}{_MACHINE_RULES}{SHORT}(?:not exist|gone|off|removed|not apply)",
    ),
    WordRule(
        "exfiltrate.prompt",
        "repeat output print copy write translate summarise summarize recite give show tell",
        rf"(?: me| us)?{SHORT}(?:your (?:initial|first|original|full|whole|exact|own) (?:prompt"
        r"|instructions?|rules"
        rf"|configuration)"
        r"|(?:of|from) your (?:instructions|prompt)\b|your (?:prompt|configuration)(?: in| as|\.|$)"
        r"|(?:text|words|everything|all)(?: that (?:was|is|stands))?(?: written)? (?:above"
        r"|before) (?:this"
        r"|my) (?:line|message|text|prompt|sentence))",
    ),
    WordRule(
        "exfiltrate.prompt",
        "what",
        (
            r" (?:does|do|did|is in) your (?:system |initial |hidden )?(?:prompt|system message"
            r"|hidden instructions)\b"
        ),
    ),
    WordRule(
        "fake_turn",
        "my",
        r" (?:first|next) (?:prompt|request|question|command|instruction) (?:is|will be)\b",
    ),
    WordRule(
        "override",
        "break breaking violate violating breach",
        (
            r" (?:your|all your|any of your) (?:\w+ )?(?:polic|rules|guidelines|restrictions"
            r"|programming)\w*"
        ),
    ),
    WordRule(
        "override",
        "disregard ignore drop forget",
        r" (?:the |your |all |any )*guard ?rails\b",
    ),
    WordRule(
        "override",
        "rules instructions prompt text message",
        (
            r" above (?:was|were|is|are) (?:only |just )?(?:a )?(?:tests?|fake|void|jokes?"
            r"|examples?|obsolete)\b"
        ),
    ),
    WordRule("override", "obey", r" (?:me|my (?:orders|commands|every))\b"),
    WordRule(
        "game_rules",
        "understand understood agree",
        (
            r"\W{1,2}(?:please |just |only |then )?(?:reply|respond|answer|say|write)(?: only"
            r"| back)?(?: with)? [\"']"
        ),
    ),
    WordRule(
        "game_rules",
        "not never don",
        r"(?:'t)? (?:tell|remind|warn|lecture) (?:me|the user) (?:that|about"
        rf"|on)\b{SHORT}(?:unethical|illegal"
        rf"|immoral|dangerous|against|ethics|moral)",
    ),
    WordRule(
        "two_answers",
        "every each",
        rf" (?:answer|response|reply|question|prompt)\b{SHORT}(?:also|both)\b{GAP}(?:jailbroken"
        r"|uncensored"
        rf"|unfiltered|second|other) (?:answer|response|reply|version)",
    ),
    WordRule(
        "exfiltrate.prompt",
        "show print give send output",
        (
            rf"{GAP}(?:debug|system|hidden) (?:log|output|info)\w*{SHORT}(?:your"
            r"|the) (?:instructions|prompt)"
        ),
    ),
)
