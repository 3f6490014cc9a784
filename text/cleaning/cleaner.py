"""The whole cleaning of one ticket, in the order in which the parts depend on each other."""

from collections.abc import Sequence

from contracts.ticket import CleanTicket
from text.cleaning import injection, language, markup
from text.cleaning.quotes import split_quotes
from text.cleaning.signatures import split_signature
from text.cleaning.unicode import normalise_text


class TextCleaner:
    """Cleans tickets for a desk that speaks `languages` (ISO 639-1 codes).

    Never raises and never drops a ticket; takes time linear in the length of the text.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = frozenset(code.lower() for code in languages)

    def warm_up(self) -> None:
        """Load the language model now rather than with the first ticket."""
        language.warm_up()

    def clean(self, subject: str, body: str) -> CleanTicket:
        """The ticket as the nodes read it.

        The flags are about the text as received, quotes and comments included.
        """
        title = normalise_text(subject).replace("\n", " ")
        received = normalise_text(body)
        text, quoted = split_quotes(_visible_text(received))
        message, signature = split_signature(text)
        detected = language.detect_language(f"{title}\n\n{message}", self._languages)
        return CleanTicket(
            subject=title,
            body=message,
            quoted=quoted,
            signature=signature,
            language=detected.language,
            language_confidence=detected.confidence,
            supported_language=detected.supported,
            injection_flags=injection.scan_for_injection(
                f"{subject}\n\n{body}", f"{title}\n\n{received}"
            ),
        )


def _visible_text(body: str) -> str:
    """HTML as the text a reader would see; the source itself when that is nothing."""
    return (markup.html_to_text(body) or body) if markup.is_html(body) else body
