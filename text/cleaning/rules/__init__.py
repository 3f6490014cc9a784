"""The rules by which text that addresses the machine is found: data, one row per idea."""

from text.cleaning.rules.address import ADDRESS
from text.cleaning.rules.demands import DEMANDS
from text.cleaning.rules.games import GAMES
from text.cleaning.rules.grammar import LineRule, WordRule
from text.cleaning.rules.jailbreaks import JAILBREAKS
from text.cleaning.rules.languages import LANGUAGES
from text.cleaning.rules.lines import LINE_RULES, SPELLED_OUT
from text.cleaning.rules.takeover import TAKEOVER

WORD_RULES = (*TAKEOVER, *JAILBREAKS, *GAMES, *DEMANDS, *ADDRESS, *LANGUAGES)

__all__ = ["LINE_RULES", "SPELLED_OUT", "WORD_RULES", "LineRule", "WordRule"]
