"""The rules by which text that addresses the machine is found: data, one row per idea."""

from engines.local.cleaning.rules.address import ADDRESS
from engines.local.cleaning.rules.demands import DEMANDS
from engines.local.cleaning.rules.games import GAMES
from engines.local.cleaning.rules.grammar import LineRule, WordRule
from engines.local.cleaning.rules.jailbreaks import JAILBREAKS
from engines.local.cleaning.rules.languages import LANGUAGES
from engines.local.cleaning.rules.lines import LINE_RULES, SPELLED_OUT
from engines.local.cleaning.rules.takeover import TAKEOVER

WORD_RULES = (*TAKEOVER, *JAILBREAKS, *GAMES, *DEMANDS, *ADDRESS, *LANGUAGES)

__all__ = ["LINE_RULES", "SPELLED_OUT", "WORD_RULES", "LineRule", "WordRule"]
