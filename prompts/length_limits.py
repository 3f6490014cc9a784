"""How much a model may fill in.

Checked by us, and no part of the schema, as not every strict mode takes lengths.
"""

from collections.abc import Sized

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def max_length(most: int) -> AfterValidator:
    """Refuses a text of more characters, or a list of more entries, than `most`."""

    def check_length(value: Sized) -> Sized:
        if len(value) > most:
            raise PydanticCustomError("too_long", "longer than {most}", {"most": most})
        return value

    return AfterValidator(check_length)
