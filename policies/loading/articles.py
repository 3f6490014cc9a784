"""Knowledge articles: Markdown with a front matter, an answer in prose, and numbered steps."""

import re
from pathlib import Path

from contracts.errors import DeskError
from contracts.retrieval import Source
from policies.loading.documents import YamlDocument, parse_document, read_text
from policies.loading.files import ArticleHead
from policies.loading.validation import validate_document

_PARTS = re.compile(r"---\n(?P<head>.*?)^---\n(?P<body>.*)", re.DOTALL | re.MULTILINE)
_STEP = re.compile(r"^\d+[.)] +(.+(?:\n +\S.*)*)", re.MULTILINE)


def read_article(path: Path, desk_id: str) -> tuple[YamlDocument, Source]:
    """An article and its front matter.

    Raises DeskError when the file is not an article, or its name is not the article's id.
    """
    name = f"{desk_id}/articles/{path.name}"
    parts = _PARTS.fullmatch(read_text(path, name))
    if parts is None:
        raise DeskError(
            f"{name}:1: an article starts with a front matter between two lines of `---`; add it"
        )
    document = parse_document(parts["head"], name, first_line=2)
    head = validate_document(document, ArticleHead)
    if head.id != path.stem:
        raise DeskError(
            document.format_fault(
                ("id",), f"an article's id is its file's name; write {path.stem}"
            )
        )
    return document, _article_source(head, parts["body"], name)


def _article_source(head: ArticleHead, body: str, name: str) -> Source:
    excerpt = _collapse_spaces(_STEP.sub("", body))
    if not excerpt:
        raise DeskError(
            f"{name}: the article has no answer in prose; write one above the steps"
        )
    return Source(
        kind="article",
        score=0.0,
        excerpt=excerpt,
        steps=tuple(_collapse_spaces(step) for step in _STEP.findall(body)),
        **dict(head),
    )


def _collapse_spaces(text: str) -> str:
    return " ".join(text.split())
