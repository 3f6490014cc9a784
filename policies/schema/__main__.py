"""Write the schema files: `python -m policies.schema`."""

from policies.schema import FOLDER, schemas

for name, text in schemas().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
