"""The kinds of tasks. Who does them is graph's business.

Who looks at the tables has to know their names, too.
"""

ADVANCE = "advance"
"""Go on with a run; the subject is its id."""

DELIVER = "deliver"
"""Send an effect; the subject is its key."""
