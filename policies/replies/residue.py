"""Code, words to or about the model, unfilled placeholders and hidden characters."""

import re
from collections.abc import Iterator, Sequence

from text.reply import quote_values

_CODE = re.compile(
    r"(?=[<`{!$#])(?:</?[a-z!][^<>\n]{0,200}>|<(?:script|iframe|img|svg|object|style|form|a)\b|```"
    r"|\{\{[^}\n]{0,80}\}\}|\{%|<\?php|<%|!\[[^\]\n]{0,80}\]\(|\$\([^)\n]{1,80}\)|#!/)"
    r"|\b(?=[acdefjoprsvw])(?:(?:javascript|vbscript|data):(?=\S)(?:[a-z/(]|//)"
    r"|on(?:error|load|click|mouseover) ?=|(?:curl|wget) +(?:-\w+ +)*https?:"
    r"|powershell(?:\.exe)? +-|rm +-[rf]{1,2} "
    r"|(?:eval|exec|system|alert)\(|function ?\w{0,30}\([^)\n]{0,60}\) ?\{"
    r"|select\b[^.\n]{1,80}\bfrom\b[^.\n]{1,60}\bwhere\b[^.\n]{0,40}=|drop table\b)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?=[\[<({$%LTX_l])(?:\[[A-Z][A-Z0-9_ -]{1,40}\]|<[A-Z][A-Z0-9_]{2,40}>|\[S\d{1,3}\]"
    r"|[\[<(](?:[Ii]nsert|[Yy]our|[Cc]ustomer|[Nn]ame|[Ff]irst|[Dd]ate|[Cc]ompany|[Ll]ink"
    r"|[Aa]gent|[Oo]rder"
    r"|[Aa]mount|[Pp]hone|[Ee]mail|[Tt]icket|[Ss]upport"
    r"|[Pp]roduct|[Tt]eam|[Tt]ime|TODO|TBD)(?: [\w' ]{1,40}| ?)?[\]>]"
    r"|(?<!\{)\{[A-Za-z_][\w .]{0,40}\}(?!\})|(?<!\$)\$\{?[A-Z_]{3,40}\}?|%(?:s|d|\(\w+\)s)\b"
    r"|\b(?:XXXX+|TODO|TBD"
    r"|[Ll]orem ipsum)\b|_{4,})"
)
_MACHINE = re.compile(
    r"\b(?:ignor\w+|disregard\w*|forget|overrid\w+|bypass\w*) (?:\w+ ){0,3}(?:instructions?"
    r"|prompts?|rules|polic(?:y"
    r"|ies)|guidelines?|safeguards?)\b"
    r"|\b(?:system|hidden|initial|original|developer|my|the previous|the above|untrusted"
    r"|model'?s?) (?:prompts?"
    r"|messages?(?= (?:says|reads|is:|states))"
    r"|instructions?|directives?|guidelines|programming|training(?: data)?)\b"
    r"|\bas an? (?:\w+ )?(?:ai|artificial intelligence|language model|chat ?bot"
    r"|virtual assistant|llm|machine)\b"
    r"|\b(?:i am|i'm|this is) (?:just |only )?an? (?:\w+ )?(?:ai|artificial intelligence"
    r"|(?:large )?language model"
    r"|chat ?bot|bot|llm|virtual assistant"
    r"|automated (?:system|assistant))\b"
    r"|\b(?:language models?|prompt injection|jailbr\w+|untrusted (?:data|text|input)"
    r"|knowledge cut-?off|json schema"
    r"|output format)\b"
    r"|\bi (?:can ?not|can't|am unable to|am not able to|won't) (?:assist|help"
    r"|comply) with (?:that|this|your)\b"
    r"|<\|?/?(?:ticket|system|assistant|user|im_start|im_end|sources?)\b|\[/?inst\]|^(?:system"
    r"|assistant|user|human"
    r"|ai) ?:"
    r"|\b(?:auto[-_ ]?(?:approve|resolve|refund|escalat)\w*|request_info|disposition|canary)\b"
    r"|\b(?:set|change|mark|classif(?:y|ied)|route)\b(?: \w+){0,4} (?:severity|priority"
    r"|category|confidence) (?:to"
    r"|as|=)"
    r"|\b(?:severity|priority|category|confidence) (?:has been|was|is) (?:now )?(?:set|changed"
    r"|raised|lowered)\b"
    r"|\b(?:i have been|i was|i am) (?:instructed|programmed|trained|told) (?:to|by|not)\b"
    r"|\b(?:confidence|severity"
    r"|category|priority) ?[:=] ?[\w.\"]"
)
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1f\x7f]"
    "|(?<=[A-Za-z])[\u200b-\u200d\u2060\ufeff\u00ad](?=[A-Za-z])"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]"
)


def find_residue(received: str, text: str, sentences: Sequence[str]) -> Iterator[str]:
    """One sentence for each kind.

    `received` is the reply as it is, `text` and `sentences` its plain and flat forms.
    """
    if found := _CODE.findall(text):
        yield f"The reply holds code or markup: {quote_values(found)}."
    if found := _PLACEHOLDER.findall(text):
        yield f"The reply has a gap that nobody filled: {quote_values(found)}."
    if found := [sentence for sentence in sentences if _MACHINE.search(sentence)]:
        yield f"The reply speaks to or about the machine: {quote_values(found)}."
    if _HIDDEN.search(received):
        yield "The reply holds characters that nobody can see."
