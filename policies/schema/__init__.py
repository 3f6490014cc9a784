"""JSON Schemas of a desk's files, so that an editor can check a desk as it is written.

Generated from the models by `python -m policies.schema`. They cover what concerns one file
alone; policies/loading/references.py checks what must agree between files.
"""

import json
from pathlib import Path

from policies.loading.files import FILES, ArticleHead

SCHEMA_FOLDER = Path(__file__).parent
DIALECT = "http://json-schema.org/draft-07/schema#"


def build_schemas() -> dict[str, str]:
    """The text of every schema file by its name."""
    models = {Path(name).stem: model for name, model in FILES.items()} | {
        "article": ArticleHead
    }
    return {
        f"{stem}.schema.json": json.dumps(
            {"$schema": DIALECT, **model.model_json_schema()}, indent=2
        )
        + "\n"
        for stem, model in models.items()
    }
