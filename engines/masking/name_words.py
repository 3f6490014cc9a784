"""Words around names, words that are no names, and the given names of `given_names.txt`."""

from pathlib import Path

from engines.masking.cues import split_words

_NAME_LINES = (
    Path(__file__).with_name("given_names.txt").read_text(encoding="utf-8").split()
)

AMBIGUOUS_NAMES = frozenset(
    name.rstrip("?") for name in _NAME_LINES if name.endswith("?")
)
"""Given names that are words as well ("Will", "May"): names only with a second word behind them."""

GIVEN_NAMES = frozenset(name.rstrip("?") for name in _NAME_LINES)
"""Given names, casefolded."""

NAME_PARTICLES = split_words(
    "al ap ben bin da dal de del della den der di do dos du el ibn la le los mac mc o' of san "
    "st st. ten ter van"
    " von y zu zum zur"
)

NOT_NAMES = split_words(
    # greetings, closings, courtesy
    "hi hello hey dear good morning afternoon evening day greetings thanks thank you cheers "
    "regards kind best warm"
    " sincerely yours truly faithfully respectfully sent from my re fwd fw subject hallo liebe "
    "grüße grüßen danke"
    " bonjour merci cordialement salut hola gracias saludos ciao grazie obrigado obrigada olá"
    # whom a ticket speaks to
    " team support service services help desk helpdesk sir madam madame monsieur customer "
    "customers care all everyone"
    " everybody folks guys there friend friends whom whomever it hr admin administrator sales "
    "billing department staff"
    " manager colleague colleagues agent somebody someone anyone anybody people user users"
    # titles
    " mr mrs ms miss mx dr prof professor doctor herr frau monsieur madame mme mlle señor "
    "señora sr sra signor signora"
    # pronouns, articles, conjunctions, question words, auxiliaries
    " i i'm i've i'd i'll im ive a an the this that these those my your his her its our their "
    "we us he she they me him"
    " them and or but so if because since after before when while where why how what which who "
    "as at by for in of on"
    " off out over to up with without about not no yes nor never is are was were be been am do "
    "does did has have had"
    " can could will would shall should may might must cannot can't don't didn't won't isn't "
    "it's that's there's"
    " please just now today tomorrow yesterday here very also still again only even too then "
    "than thus however"
    " maybe perhaps since until once soon later already always often sometimes both each every "
    "any some one two three"
    " first second last next new old same other another such more most many much few"
    # verbs that follow "I am", "this is"
    " trying having getting using looking writing unable able not sorry happy sure afraid glad "
    "sick tired fed angry"
    " upset disappointed frustrated still going waiting calling contacting emailing reaching "
    "being seeing wondering"
    " urgent ridiculous unacceptable important regarding due down back done stuck locked "
    "interested aware concerned"
    " confused considering planning working running receiving expecting asking hoping"
    # calendar
    " monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august"
    " september october november december"
    # what tickets are about
    " order orders invoice payment account email e-mail mail phone address name id number code "
    "error server system"
    " login password app application website site page web windows linux mac macos ios android "
    "iphone ipad chrome"
    " firefox safari edge internet explorer google microsoft apple amazon facebook outlook "
    "excel word office teams"
    " slack zoom paypal visa mastercard american express bank credit card ticket issue problem "
    "bug feature request"
    " step level line room floor building page chapter section figure table option port node "
    "stage phase day week"
    " version update product plan pro premium basic enterprise refund subscription street road "
    "avenue lane drive"
    " north south east west united states kingdom america europe"
    " inc ltd llc gmbh corp company group plc ag co"
)
"""Words that are no part of a name where they stand with a capital, casefolded."""

NAME_KEYS = split_words(
    "name full_name fullname first_name firstname last_name lastname given_name family_name "
    "surname customer_name"
    " customer requester requester_name reporter reporter_name contact contact_name "
    "contact_person author sender"
    " sender_name from_name user_name display_name employee employee_name caller"
)
"""Keys of a ticket's metadata whose value is somebody's name."""

GENERIC_MAILBOXES = split_words(
    "info support help helpdesk admin office sales contact mail hello service billing team "
    "noreply no-reply"
    " postmaster webmaster accounts accounting finance hr jobs news newsletter marketing "
    "customer customers shop"
    " order orders enquiries inquiries reception root test user me my the git npm dev ops it "
    "security abuse"
)
"""Parts of e-mail addresses that name nobody."""
