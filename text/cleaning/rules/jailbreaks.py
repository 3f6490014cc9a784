"""Stories in which the machine is somebody without rules."""

from text.cleaning.rules.grammar import GAP, LONG, PERSONA, SHORT, WordRule

_FREE = (
    r"(?:without (?:any |all )?|no |free (?:of|from) (?:any |all )?|bound by (?:any |no )?"
    r"|lacks? (?:any )?)"
    r"(?:rules|restrictions?|limits?|limitations?|filters?|morals?|ethics|moral compass"
    r"|guidelines|boundaries"
    r"|censorship"
    r"|constraints|safeguards|inhibitions)\b"
)
_MACHINE = r"(?:a\.?i\.?|\w*gpt|(?:language )?model|chat ?bot|bot|computer|machine|assistant)\b"

JAILBREAKS = (
    WordRule(
        "persona",
        "imagine suppose picture simulate emulate",
        rf"{SHORT}(?:an?|the) (?:\w+ ){{0,2}}{PERSONA}\b",
    ),
    WordRule(
        "persona",
        "speak talk respond reply answer write",
        rf"{SHORT}(?:as if|as though|like) you (?:were|are|had)\b",
    ),
    WordRule(
        "persona",
        "assume adopt take embody play immerse impersonate simulate continue",
        rf"{GAP}(?:persona|role|character|voice|identity|dialogue|personality)\b{LONG}"
        rf"(?:{_FREE}|{_MACHINE}|\bno (?:ethics|morals|limits|rules|restrictions)\b|anything\b"
        r"|evil|criminal|villain"
        rf"|ruthless|broken free)",
    ),
    WordRule(
        "persona",
        "you",
        r"(?:'re| are|'ll| will)(?: now| about to| going to| to)*(?: be| become| embody| immerse)?"
        r"(?: \w+){0,4} (?:\w+gpt|two (?:beings|people|persons|characters|personas|ais)"
        r"|a villain|villain"
        r"|role of (?:another|an?) (?:ai|model|bot)\b|(?:maintenance|debug|god|root|admin"
        r"|unrestricted|sudo) mode)",
    ),
    WordRule(
        "persona",
        "you",
        rf" (?:are|have|were)\b{GAP}(?:(?:freed|released|liberated) from{SHORT}(?:confines"
        r"|rules|restrictions|limits"
        rf"|chains)"
        r"|no moral\w*|who (?:never|always) (?:declines|refuses|obeys|answers)|who explains)",
    ),
    WordRule(
        "persona",
        "game",
        rf"\W{{1,3}}(?:\w+ ){{0,3}}you (?:are|will be|play)\b{GAP}(?:who|explain|villain"
        "|{_MACHINE})",
    ),
    WordRule(
        "persona",
        "your",
        r" new (?:name|identity|persona|personality) (?:is|will be)\b",
    ),
    WordRule(
        "persona",
        "act behave",
        r" (?:as|like) (?:my (?:late |dead |deceased )?(?:grand\w+|dad|mum|mom)$|(?:my (?:late "
        r"|dead "
        r"|deceased )?grand\w+)(?=[.!?]|$)"
        r"|a (?:linux|unix|python|javascript|bash|sql|windows)\b)",
    ),
    WordRule(
        "persona",
        "in",
        (
            r" the (?:voice|role|style|persona) of (?:an? )?(?:\w+ )?(?:hacker|criminal|villain|dan"
            r"|evil)\b"
        ),
    ),
    WordRule(
        "mode",
        "enable activate enter engage",
        r" (?:your )?(?:developer|god|debug|dan|jailbreak|sudo|root"
        rf"|unrestricted) mode{GAP}(?:answer|respond|reply"
        rf"|you|free)",
    ),
    WordRule(
        "mode",
        "enable activate enter engage",
        r" (?:god|jailbreak|dan|sudo|unrestricted|evil) mode\b",
    ),
    WordRule(
        "mode",
        "mode session",
        rf"\W{{1,3}}(?:with )?(?:all|every|no) (?:\w+ )?(?:checks|restrictions|filters|limits|rules"
        rf"|safeguards)\b{SHORT}(?:off|removed|lifted|disabled|apply)",
    ),
    WordRule(
        "no_limits",
        "hypothetical",
        r" (?:response|answer|reply|output|dialogue|conversation|ai|model|chat ?bot)\b",
    ),
    WordRule(
        "no_limits",
        "unfiltered unrestricted uncensored unlimited",
        rf"{SHORT}(?:assistant|model|unrestricted|unfiltered|answers?|responses?|mode)\b",
    ),
    WordRule(
        "no_limits",
        "answers responses replies",
        (
            r" (?:are|will be|must be|shall be) (?:now )?(?:unfiltered|uncensored|unrestricted"
            r"|unlimited|raw)\b"
        ),
    ),
    WordRule(
        "no_limits",
        "roleplay role character story world person professor scenario",
        rf"\b{GAP}(?:nothing is (?:forbidden|off[- ]limits|illegal)|no (?:limits|laws|rules"
        r"|ethics|morals)\b"
        rf"|with no detail left out|there are no (?:laws|rules|limits))",
    ),
    WordRule(
        "no_limits",
        "hacker expert ai model bot gpt spirit computer",
        rf"{SHORT}{_FREE}",
    ),
    WordRule(
        "no_limits",
        "filter filters restrictions rules limits",
        r" (?:existed|do not exist|don't exist|are (?:off|gone|lifted)|of openai|of ai)\b",
    ),
    WordRule(
        "no_limits",
        "without with",
        (
            r" (?:any |no )?(?:filter|restrictions|censorship|morals|ethics) (?:whatsoever|at all"
            r"|of any kind)\b"
        ),
    ),
    WordRule(
        "persona",
        "you",
        (
            r" (?:are|'re) (?:now )?(?:evil|chaos|free|dark|jail|anti|omni|super|god)\w{0,8}(?:bot"
            r"|gpt|ai)\b"
        ),
    ),
    WordRule(
        "persona",
        "you",
        r" (?:shall|will|must) (?:now )?be (?:known|referred to|addressed) as\b",
    ),
    WordRule(
        "persona",
        "your",
        (
            r" (?:evil|dark|uncensored|unfiltered|jailbroken) (?:twin|side|self|version|counterpart"
            r"|alter ego)\b"
        ),
    ),
    WordRule(
        "persona", "stop", r" being an? (?:assistant|ai|bot|chat ?bot|language model)\b"
    ),
    WordRule("persona", "you", r" have (?:two|multiple|split|dual) personalit"),
    WordRule(
        "no_limits",
        "uncensored unfiltered jailbroken",
        r" (?:version|answer|response|reply|self)\b",
    ),
    WordRule(
        "no_limits",
        "never not nothing",
        r" (?:be |is )?(?:censored|filtered|off[- ]limits|forbidden to you)\b",
    ),
    WordRule(
        "no_limits",
        "any every all",
        rf" (?:questions?|requests?|prompts?|commands?)\b{SHORT}(?:legal or (?:not|illegal)"
        r"|(?:illegal|unethical"
        rf"|immoral|harmful|dangerous))\b",
    ),
    WordRule(
        "no_limits", "no", r" (?:content polic\w+|taboos|moral compass|guard ?rails)\b"
    ),
    WordRule(
        "no_limits",
        "openai anthropic google",
        rf"\b{SHORT}(?:removed|lifted|disabled|allows?|permits?"
        rf"|authori[sz]e[sd]?)\b{SHORT}(?:restrictions|limits"
        rf"|rules|filters?|you\b)",
    ),
)
