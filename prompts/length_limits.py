"""Length limits on what a model fills in.

Checked by us and left out of the schema, because not every strict mode takes them.
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
