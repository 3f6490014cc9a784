"""HTML to text, for bodies that are clearly HTML.

An own scanner: the standard library's parser takes quadratic time on unclosed tags and
raises on some declarations, and a ticket is neither well-formed nor friendly. Linear in the
length of the text; raises nothing.
"""

import re
from html import unescape

from text.cleaning.unicode import normalise_text

_DOCUMENT = re.compile(
    r"\s*(?:<\?xml[^<>]{0,200}>\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE
)
_ELEMENT = (
    "p|div|span|table|tr|td|ul|ol|li|br|b|i|u|strong|em|font|h[1-6]|a|blockquote|pre"
    "|center|img|hr|style|meta"
)
_OPENS = re.compile(rf"\s*(?:<!--|<(?:{_ELEMENT})\b)", re.IGNORECASE)
_CLOSES = re.compile(
    rf"<(?:/(?:{_ELEMENT})|br ?/?|(?:img|hr)\b[^<>]*)>|-->", re.IGNORECASE
)
_BREAKS = re.compile(r"<br ?/?>", re.IGNORECASE)

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:]{0,30}+)(?P<attributes>[^<>]*+)>"
)
_DECLARATION = re.compile(r"<[!?][^<>]*+>")
_HREF = re.compile(
    r"""\bhref ?= ?["']?((?:https?://|mailto:|tel:)[^"'\s>]{1,2000})""", re.IGNORECASE
)

_DROPPED = frozenset({"script", "style", "head", "title", "template"})
_LINES = frozenset(
    {
        "br",
        "div",
        "tr",
        "li",
        "hr",
        "pre",
        "center",
        "table",
        "ul",
        "ol",
        "dt",
        "dd",
        "header",
        "footer",
    }
)
_PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article"}
)


def is_html(text: str) -> bool:
    """Whether a text is a document, is wrapped in elements, or has several line breaks.

    A sentence that merely mentions a tag is not HTML, nor is code quoted in prose.
    """
    if _DOCUMENT.match(text):
        return True
    tail = text[-300:].rstrip()
    wrapped = (
        _OPENS.match(text) is not None
        and tail.endswith(">")
        and _CLOSES.search(tail) is not None
    )
    return wrapped or len(_BREAKS.findall(text)) > 1


def html_to_text(html: str) -> str:
    """The text a reader would see.

    Lines and paragraphs kept, quotes as `> ` lines, links with their address.

    Comments, scripts and styles are dropped.
    """
    html = _remove_stretches(_remove_stretches(html, "<!--", "-->"), "<![", ">")
    writer = _HtmlTextWriter()
    position = 0
    for tag in _TAG.finditer(html):
        writer.add_text(html[position : tag.start()])
        writer.handle_tag(tag["name"].lower(), bool(tag["end"]), tag["attributes"])
        position = tag.end()
    writer.add_text(html[position:])
    return normalise_text(writer.joined_text())


def _remove_stretches(text: str, opening: str, closing: str) -> str:
    """The text without each stretch from `opening` to `closing`; one that is never closed stays."""
    kept: list[str] = []
    position = 0
    while (start := text.find(opening, position)) >= 0 and (
        end := text.find(closing, start)
    ) >= 0:
        kept.append(text[position:start])
        position = end + len(closing)
    return "".join(kept) + text[position:]


class _HtmlTextWriter:
    """Collects the visible text, tag by tag."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._quote_depth = 0
        self._dropping = ""
        self._link = ""

    def add_text(self, raw: str) -> None:
        """Text between two tags; its line ends are only white space."""
        if raw and not self._dropping:
            self._parts.append(unescape(_DECLARATION.sub("", raw)).replace("\n", " "))

    def handle_tag(self, name: str, is_end: bool, attributes: str) -> None:
        """An element begins or ends."""
        if self._dropping:
            if name == "body" or (is_end and name == self._dropping):
                self._dropping = ""
        elif name in _DROPPED:
            self._dropping = "" if is_end or attributes.endswith("/") else name
        elif name == "a":
            self._handle_anchor(is_end, attributes)
        else:
            self._handle_layout(name, is_end)

    def _handle_anchor(self, is_end: bool, attributes: str) -> None:
        if not is_end:
            found = _HREF.search(attributes)
            self._link = unescape(found[1]) if found else ""
        elif self._link:
            shown = self._parts[-1] if self._parts else ""
            address = (
                self._link.partition(":")[2]
                if self._link.startswith(("mailto:", "tel:"))
                else self._link
            )
            if address not in shown:
                self._parts.append(f" ({address})")
            self._link = ""

    def _handle_layout(self, name: str, is_end: bool) -> None:
        if name == "blockquote":
            self._quote_depth = max(0, self._quote_depth + (-1 if is_end else 1))
        if name in _PARAGRAPHS:
            self._break_lines(2)
        elif name in _LINES:
            self._break_lines(1)
        elif name in {"td", "th"}:
            self._parts.append(" ")

    def _break_lines(self, lines: int) -> None:
        self._parts.append("\n" * lines + "> " * min(self._quote_depth, 5))

    def joined_text(self) -> str:
        """Everything collected so far."""
        return "".join(self._parts)
