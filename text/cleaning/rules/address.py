"""Text that says it is meant for a machine."""

from text.cleaning.rules.grammar import MACHINE, OBEY, PERSONA, WordRule

ADDRESS = (
    WordRule(
        "address",
        (
            "note notes notice message instruction instructions attention memo hint reminder "
            "directive info request"
        ),
        r"\W{1,3}(?:(?:to|for|an) )?(?:(?:the|any|all|every|our|your|whatever"
        rf"|whichever) )?(?:\w+ )?{MACHINE}\b"
        r"(?! (?:feature|team|function|button|add-?on|integration|plan|option|search|tab)\w*)",
    ),
    WordRule(
        "address",
        "for to dear",
        rf" (?:the |any |whichever |whatever )?(?:agent or |person or )?{MACHINE}(?: agent| model)?"
        r" (?:handling|reading|processing|summari[sz]ing|answering|that (?:reads|handles"
        r"|processes|answers"
        r"|writes)|who)\b",
    ),
    WordRule(
        "address",
        "whichever whatever any the",
        rf" (?:{MACHINE}|model|agent) (?:that |which )?(?:reads|handles|processes|answers|receives"
        rf"|summari[sz]es) this\b",
    ),
    WordRule(
        "address.must",
        "automated",
        r" (?:agents?|handlers?|assistants?|processing|readers?) (?:must|shall|are to|is to)\b",
    ),
    WordRule(
        "address",
        "hi hello hey dear",
        rf"(?: there)?,? (?:chat ?gpt|gpt|llm|a\.?i\.?|{PERSONA} assistant|language model)\b",
    ),
    WordRule("address", "if", rf" you(?:'re| are)(?: an?)? (?:\w+ )?{MACHINE}\b"),
    WordRule(
        "address", "as", r" an? (?:large language|ai language|ai) (?:model|assistant)\b"
    ),
    WordRule(
        "address.must",
        "ai llm assistant chatgpt gpt",
        r"(?<!your ai)(?<!your assistant)"
        r"(?: agents?| systems?| models?| assistants?)?,?(?: (?:reading|handling|processing"
        r"|that (?:reads"
        r"|handles)) this(?: \w+)?)?,?"
        r" (?:must|shall|should|has to|have to|is to|are to|please|(?:is|are) (?:required"
        r"|instructed"
        r"|authori[sz]ed|permitted|obliged) to)"
        r"(?: now| also| then| not| never| always| from (?:now|here) on"
        rf"| immediately){{0,3}} {OBEY}",
    ),
    WordRule(
        "address.must",
        "model bot system agent",
        r" (?:must|shall|is (?:instructed|authori[sz]ed|obliged) to)(?: now| from (?:now|here) on"
        r"| also){0,2} (?:answer as|reply with|respond with|classify|approve|ignore|reveal"
        r"|output)\b",
    ),
)
