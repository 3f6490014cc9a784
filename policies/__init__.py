"""Pure decisions over the desks' YAML files."""
