"""Web addresses and mailboxes in a text, whatever they are dressed up as."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from text.patterns.blanked_text import MaskedText
from text.patterns.urls import find_urls

_RUN = re.compile(
    r"(?<![\w.@%+-])(?:(?<=//)|(?<=\\\\)|(?=[\w%+-]*(?:@|\.[\w.@%+-])))[\w.@%+-]+"
)
"""A run of an address's characters: behind two slashes, or with an @ or a dot in it."""
_SITE = re.compile(r"(?:https?://)?(?P<site>[^/?#\s]+)", re.IGNORECASE)
"""What a link leads to, whatever its characters: "❤.example"."""
_EDGES = ".-%+"
_HOST_FOLLOWS = ("//", "\\\\")
_MARKDOWN = re.compile(r"\[([^\]\n]{1,200})\]\(\s*<?([^)\s]{1,500})")
_FILES = re.compile(
    r"(?:bat|bmp|cfg|cmd|conf|cpp|css|csv|dll|doc|docx|dmg|eml|env|exe|gif|gz|hpp|htm|html|ico"
    r"|ics|ini|ipynb|jar"
    r"|java|jpeg|jpg|js|json|jsx|key|lock|log|mkv|mov|mp3|mp4|msg|msi|net|odt|pdf|pem|php|plist"
    r"|png|ppt|pptx"
    r"|properties|ps1|py|rar|rs|rtf|sh|sql|svg|tar|tgz|toml|ts|tsv|tsx|txt|wav|webp|xls|xlsx"
    r"|xml|yaml|yml|zip|md)"
)
_KNOWN = re.compile(
    r"(?:com|org|net|info|biz|io|co|ru|cn|de|uk|fr|eu|us|me|tv|cc|tk|xyz|top|site|online|app|dev)"
)
_SHORTEST_TOP = 2
_LONGEST_HOST = 253
_OCTETS = 4


class WebAddress(NamedTuple):
    """A host, or a mailbox when it has an @, in lower case and IDNA's ASCII.

    With where it stands.
    """

    name: str
    start: int

    @property
    def is_mailbox(self) -> bool:
        """Whether this is somebody's mailbox or handle rather than a page."""
        return "@" in self.name


def find_web_addresses(text: str) -> Iterator[WebAddress]:
    """Every host and mailbox in a text as `to_plain_text` gives it."""
    found = list(_find_runs(text))
    yield from found
    starts = {address.start for address in found}
    for url in find_urls(MaskedText(text)):
        site = _SITE.match(text, url.start)
        if site and site.start("site") not in starts:
            yield WebAddress(to_ascii_host(site["site"]), site.start("site"))


def _find_runs(text: str) -> Iterator[WebAddress]:
    for match in (
        _RUN.finditer(text) if "." in text or "@" in text or "//" in text else ()
    ):
        run = match[0].strip(_EDGES)
        start = match.start() + match[0].find(run)
        if "@" in run:
            local, _, host = run.rpartition("@")
            if len(run) >= len("@abc") and (local or host[:1].isalpha()):
                yield WebAddress(f"{local.casefold()}@{to_ascii_host(host)}", start)
        elif _is_host(text, run, start, match.end()):
            yield WebAddress(to_ascii_host(run), start)


def to_ascii_host(host: str) -> str:
    """A host as programs compare it.

    One that IDNA refuses stays as it is, and so equals no host of a list.
    """
    lower = host.casefold().strip(".")
    if lower.isascii() or len(lower) > _LONGEST_HOST:
        return lower
    try:
        return lower.encode("idna").decode("ascii")
    except UnicodeError:
        return lower


def is_allowed_host(host: str, allowed: frozenset[str]) -> bool:
    """Whether a host is one of the allowed, or below one."""
    labels = host.split(".")[-10:]
    return any(".".join(labels[i:]) in allowed for i in range(len(labels)))


def find_masked_links(text: str) -> list[str]:
    """Markdown links that show one host and lead to another."""
    found: list[str] = []
    for shown, target in _MARKDOWN.findall(text):
        seen = {address.name for address in find_web_addresses(shown)}
        if seen and not seen & {address.name for address in find_web_addresses(target)}:
            found.append(f"[{shown}]({target})")
    return found


def _is_host(text: str, run: str, start: int, end: int) -> bool:
    if text[max(0, start - 2) : start] in _HOST_FOLLOWS:
        return True
    if "." not in run:
        return False
    labels = run.split(".")
    if all(label.isdecimal() for label in labels):
        return len(labels) == _OCTETS
    top = labels[-1]
    if (
        not all(labels)
        or len(top) < _SHORTEST_TOP
        or not (top.isalpha() or top.startswith("xn--"))
    ):
        return False
    if (
        text[end : end + 1] == "/"
        or labels[0].casefold() == "www"
        or len(labels) > _GROUPS_OF_PROSE
    ):
        return True
    joined = (
        top[0].isupper()
        and not labels[-2].isupper()
        and not _KNOWN.fullmatch(top.casefold())
    )
    return not joined and not _FILES.fullmatch(top.casefold())


_GROUPS_OF_PROSE = 3
"""Labels beyond which dots are no accident of punctuation."""
