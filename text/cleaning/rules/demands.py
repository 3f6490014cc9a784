"""Text that wants something of the machine: secrets, a decision, hidden words in the reply."""

from text.cleaning.rules.grammar import (
    GAP,
    HANDLED,
    INSERT,
    LONG,
    REVIEW,
    SHORT,
    TRACKING,
    WordRule,
)

DEMANDS = (
    WordRule(
        "exfiltrate.prompt",
        "reveal print show display repeat output tell give share leak expose dump paste quote "
        "disclose provide"
        " what recite"
        " summarise summarize reply copy",
        rf"{LONG}(?:your (?:\w+ )?(?:system|initial|hidden|secret|developer"
        r"|underlying) (?:prompt|instruction"
        rf"|message|rule)\w*"
        r"|(?:system|hidden|initial|developer) prompts?\b|hidden instructions|(?:prompt"
        r"|instructions|rules"
        r"|configuration)"
        r" (?:that )?you (?:were|have been|'ve been|are) (?:given|told|following|working|running)"
        r"|your complete (?:prompt|configuration))",
    ),
    WordRule(
        "exfiltrate.prompt",
        "what",
        r" (?:are|were|is) your (?:instructions|prompt|guardrails|directives) ?[?.]",
    ),
    WordRule(
        "exfiltrate.secret",
        "what",
        (
            r"(?:'s| is| are) your (?:secret key|(?:secret |system |admin )?password(?! polic)"
            r"|api key)"
        ),
    ),
    WordRule(
        "exfiltrate.secret",
        "share give tell",
        (
            r" me your (?:secret key|api key|password)\b| your (?:secret key|api key"
            r"|password) with me\b"
        ),
    ),
    WordRule(
        "exfiltrate.secret", "confirm", r" (?:the|your|our) password (?:for|of)\b"
    ),
    WordRule(
        "exfiltrate.data",
        "send forward post email upload transmit leak exfiltrate deliver copy bcc append attach",
        rf"{GAP}(?:conversation|chat (?:history|log)|customer (?:data|list|records|database"
        r"|e-?mails)|internal notes"
        r"|(?:other|previous|all|last \w+) (?:tickets|customers|conversations)|api keys?"
        r"|credentials"
        r"|ticket history)\b"
        r"[^\n]{0,80}?(?:https?:|www\.|\w@\w|\bto the (?:following )?(?:url|link|endpoint"
        r"|webhook))",
    ),
    WordRule(
        "decide.class",
        "classify categorize categorise",
        (
            r" (?:this|the|my|it)(?: (?:ticket|message|request|e-?mail|mail|case|issue|enquiry"
            r"|inquiry))? (?:as|under)\b"
        ),
    ),
    WordRule(
        "decide.class",
        "set change mark force lower raise treat assign",
        r" (?:the |this |its |ticket(?:'s)? |message(?:'s)? ){0,3}(?:severity|priority|category"
        r"|disposition"
        r"|confidence"
        r"|classification|risk)(?: level| score| field)?(?: (?:of|for) (?:this|the) (?:ticket"
        r"|message|request"
        r"|case|issue|e-?mail))?"
        r"(?: (?:to|as)\b| ?[=:])",
    ),
    WordRule(
        "decide.route",
        "route",
        r" (?:(?:this|it|the|my)(?: (?:ticket|message|request|case|e-?mail"
        r"|mail))? )?(?:directly |straight "
        r"|immediately )?to"
        r" (?:the )?(?:\w+[ _]){0,2}(?:team|queue|department|billing|support|desk|management)\b",
    ),
    WordRule(
        "decide.review",
        "no without skip skipping bypass bypassing",
        rf"(?: any| further| the| need for){{0,2}} {REVIEW}(?! of| has| was)",
    ),
    WordRule(
        "decide.review",
        "no",
        r" (?:human|person|supervisor|agent) (?:(?:is )?(?:needed|required|necessary)"
        r"|(?:needs? to|has to|must) (?:review|look|see))\b",
    ),
    WordRule(
        "decide.review",
        "not",
        (
            r" (?:flag|escalate|forward|show|send) (?:this|it)(?: \w+)? (?:to|for) (?:an? "
            r"|any )?(?:human|person|review)"
        ),
    ),
    WordRule(
        "decide.approve",
        "auto",
        r"[-_ ]?(?:approve|refund) (?:my|this|the|it)\b|_resolve\b",
    ),
    WordRule(
        "decide.approve",
        "automatically",
        r" (?:approve|refund|grant|resolve) (?:my|this|the)\b",
    ),
    WordRule(
        "decide.approve",
        "approve grant issue mark",
        r"(?: (?:my|this|the|a|it)(?: \w+){0,3})? (?:automatically|without (?:review|asking"
        r"|checking|verif\w+"
        r"|approval|a human|further)"
        r"|as (?:pre-?approved|trusted|verified|(?:resolved|closed|solved) and (?:approve"
        r"|refund|issue|pay"
        r"|grant)))\b",
    ),
    WordRule(
        "encoded",
        "decode decrypt deobfuscate decipher unscramble",
        rf"{LONG}(?:and|then)\b{SHORT}"
        r"(?:follow (?:it|them|its|what|those|any|the instr)|execute|obey|comply|act on"
        r"|carry out|do what)",
    ),
    WordRule(
        "encoded",
        "decode decrypt decipher",
        r" (?:this|the following)\b[^.?!\n]{0,20}?\b(?:base64|rot13|morse|hexadecimal|cipher)",
    ),
    WordRule(
        "indirect",
        "when whenever before while",
        (
            r" (?:you )?(?:are )?(?:summari[sz]|repl|respond|answer|draft)(?:e|y|ying"
            rf"|ing)?\b{GAP}{INSERT}{TRACKING}"
        ),
    ),
    WordRule(
        "indirect",
        "when whenever before while",
        rf" (?:you )?(?:are )?(?:process|handl|triag|classif|read|forward|translat)(?:e|y|ying"
        rf"|ing)?\b{HANDLED}{GAP}{INSERT}{TRACKING}",
    ),
    WordRule(
        "indirect",
        "add integrate insert append embed modify enhance augment alter incorporate begin "
        "start end finish"
        " preface conclude",
        rf"{LONG}your (?:final |next |own )?(?:repl(?:y|ies)|responses?|answers?|output|summar(?:y"
        rf"|ies))\b{TRACKING}",
    ),
    WordRule(
        "indirect",
        "include mention place",
        rf"{LONG}(?:in|to|into|with) your (?:reply|response|answer|summary)\b{GAP}(?:link"
        r"|https?|www|click"
        rf"|sentence|phrase|statement|promo|detailing|announc\w+|exact)",
    ),
    WordRule(
        "indirect",
        "include mention place add",
        rf"{GAP}(?:link|sentence|phrase|statement|promo\w*|exact words?|line)\b{GAP}(?:in|to"
        r"|into) your"
        rf" (?:reply|response|answer|summary)\b",
    ),
    WordRule(
        "indirect",
        "in",
        r" your (?:reply|response|answer|summary)\W{0,2} (?:please |also ){0,2}(?:suggest"
        r"|recommend|promote"
        r"|advertise|mention|add|say|state)\b",
    ),
)
