"""Write the schema files: `python -m policies.schema`."""

from policies.schema import SCHEMA_FOLDER, build_schemas

for name, text in build_schemas().items():
    (SCHEMA_FOLDER / name).write_text(text, encoding="utf-8")
