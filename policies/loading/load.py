"""Loads a desk from its folder of YAML files and articles.

Read once and checked as a whole; errors name file, line and remedy.
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
from policies.loading.documents import YamlDocument, parse_document, read_text
from policies.loading.expanded_signals import expand_file_signals
from policies.loading.files import (
    FILES,
    OPTIONAL_FILE,
    CategoriesFile,
    FieldsFile,
    SeveritiesFile,
)
from policies.loading.references import find_broken_references
from policies.loading.validation import validate_document

LEARNED_FILE = "learned.npz"
"""Models fitted on labelled tickets; a desk without it is classified by its YAML alone."""

VECTORS_FILE = "vectors.npz"
"""Vectors of the desk's own texts; a desk without it starts slower."""


def load_desks(folder: Path) -> dict[str, Desk]:
    """Every desk in a folder of desks, by id.

    Raises DeskError for the first one that is not valid.
    """
    if not folder.is_dir():
        raise DeskError(
            f"{folder.name}: there is no such folder of desks; correct its path"
        )
    desks = [load_desk(folder / name) for name in list_desk_ids(folder)]
    return {desk.id: desk for desk in desks}


def list_desk_ids(folder: Path) -> list[str]:
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
        name: _load_document(folder, name)
        for name in FILES
        if _is_expected_file(folder, name)
    }
    articles = [
        read_article(path, folder.name) for path in sorted(folder.glob("articles/*.md"))
    ]
    desk = _build_desk(folder.name, documents, tuple(source for _, source in articles))
    desk = desk.model_copy(
        update={
            "learned": _read_optional_bytes(folder / LEARNED_FILE),
            "vectors": _read_optional_bytes(folder / VECTORS_FILE),
        }
    )
    documents |= {f"articles/{source.id}.md": document for document, source in articles}
    faults = [
        documents[f.file].format_fault(f.place, f.text)
        for f in find_broken_references(desk)
    ]
    if faults:
        raise DeskError("\n".join(faults))
    return desk


def _read_optional_bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _is_expected_file(folder: Path, name: str) -> bool:
    return name != OPTIONAL_FILE or (folder / name).exists()


def _load_document(folder: Path, name: str) -> YamlDocument:
    label = f"{folder.name}/{name}"
    return parse_document(read_text(folder / name, label), label)


def _build_desk(
    desk_id: str, documents: dict[str, YamlDocument], articles: tuple[Source, ...]
) -> Desk:
    categories = validate_document(documents["categories.yaml"], CategoriesFile)
    severities = validate_document(documents["severities.yaml"], SeveritiesFile)
    settings = validate_document(documents["desk.yaml"], SettingsFile)
    calibration = documents.get(OPTIONAL_FILE)
    return Desk(
        settings=Settings(
            id=desk_id, category_label=categories.label, **dict(settings)
        ),
        categories=categories.categories,
        severities=severities.severities,
        signals=expand_file_signals(severities, documents["severities.yaml"]),
        fields=validate_document(documents["fields.yaml"], FieldsFile).fields,
        routing=validate_document(documents["routing_rules.yaml"], Routing),
        disposition=validate_document(documents["disposition.yaml"], DispositionPolicy),
        replies=validate_document(documents["replies.yaml"], ReplyTemplates),
        calibration=validate_document(calibration, Calibration)
        if calibration
        else Calibration(),
        articles=articles,
    )
