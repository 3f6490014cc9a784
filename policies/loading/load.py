"""A desk from its folder of YAML files and articles.

Read once, checked whole, refused with file, line and remedy.
"""

from pathlib import Path

from contracts.errors import DeskError
from contracts.retrieval import Source
from policies.desk.model import (
    Calibration,
    Desk,
    DispositionPolicy,
    ReplyTemplates,
    Routing,
    Settings,
)
from policies.desk.settings import SettingsFile
from policies.loading.articles import read_article
from policies.loading.documents import Document, parse_document, read_text
from policies.loading.expanded_signals import spelled_out
from policies.loading.files import (
    FILES,
    OPTIONAL_FILE,
    CategoriesFile,
    FieldsFile,
    SeveritiesFile,
)
from policies.loading.references import broken_references
from policies.loading.shapes import shaped

LEARNED_FILE = "learned.npz"
"""What a desk has learned from labelled tickets; a desk without it is judged by its YAML alone."""

VECTORS_FILE = "vectors.npz"
"""What the desk's own texts read like; a desk without it starts slower."""


def load_desks(folder: Path) -> dict[str, Desk]:
    """Every desk in a folder of desks, by id.

    Raises DeskError for the first one that is not valid.
    """
    if not folder.is_dir():
        raise DeskError(
            f"{folder.name}: there is no such folder of desks; correct its path"
        )
    desks = [load_desk(folder / name) for name in desk_ids(folder)]
    return {desk.id: desk for desk in desks}


def desk_ids(folder: Path) -> list[str]:
    """The ids of the desks in a folder of desks, valid or not."""
    return (
        [path.name for path in sorted(folder.iterdir()) if path.is_dir()]
        if folder.is_dir()
        else []
    )


def load_desk(folder: Path) -> Desk:
    """The desk in one folder; the folder's name is its id.

    Raises DeskError, one line a fault: file, line, what is wrong and what to do about it.
    """
    documents = {
        name: _document(folder, name) for name in FILES if _expected(folder, name)
    }
    articles = [
        read_article(path, folder.name) for path in sorted(folder.glob("articles/*.md"))
    ]
    desk = _desk(folder.name, documents, tuple(source for _, source in articles))
    desk = desk.model_copy(
        update={
            "learned": _bytes(folder / LEARNED_FILE),
            "vectors": _bytes(folder / VECTORS_FILE),
        }
    )
    documents |= {f"articles/{source.id}.md": document for document, source in articles}
    faults = [
        documents[f.file].complaint(f.place, f.text) for f in broken_references(desk)
    ]
    if faults:
        raise DeskError("\n".join(faults))
    return desk


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _expected(folder: Path, name: str) -> bool:
    return name != OPTIONAL_FILE or (folder / name).exists()


def _document(folder: Path, name: str) -> Document:
    label = f"{folder.name}/{name}"
    return parse_document(read_text(folder / name, label), label)


def _desk(
    desk_id: str, documents: dict[str, Document], articles: tuple[Source, ...]
) -> Desk:
    categories = shaped(documents["categories.yaml"], CategoriesFile)
    severities = shaped(documents["severities.yaml"], SeveritiesFile)
    settings = shaped(documents["desk.yaml"], SettingsFile)
    calibration = documents.get(OPTIONAL_FILE)
    return Desk(
        settings=Settings(
            id=desk_id, category_label=categories.label, **dict(settings)
        ),
        categories=categories.categories,
        severities=severities.severities,
        signals=spelled_out(severities, documents["severities.yaml"]),
        fields=shaped(documents["fields.yaml"], FieldsFile).fields,
        routing=shaped(documents["routing_rules.yaml"], Routing),
        disposition=shaped(documents["disposition.yaml"], DispositionPolicy),
        replies=shaped(documents["replies.yaml"], ReplyTemplates),
        calibration=shaped(calibration, Calibration) if calibration else Calibration(),
        articles=articles,
    )
