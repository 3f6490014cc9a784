"""Distinct tickets for load tests, 200 to 2,000 characters, each of another customer.

Nothing repeats, because duplicates take a short cut that would make a benchmark look fast.
Sentences are made from parts, so that lengths, categories and severities vary.
"""

import json
import random
import sys
from collections.abc import Iterator

OPENINGS = (
    "Hello team, I am writing about {thing} that we have used since {month}.",
    "Good morning, we have a question regarding {thing}.",
    "Hi, this is {name} from the {city} office.",
    "I have been a customer for {n} years and never had to write to you before.",
)
MIDDLES = (
    (
        "When I open {thing} the page stays blank for about {n} seconds and then shows error "
        "ERR-{code}."
    ),
    "The invoice for order ORD-{code} lists {n} licences although we only booked {m}.",
    "Since the update in {month} the export of {thing} leaves out the last {n} rows.",
    "I cannot sign in to {thing} any more; the reset link for {name} never arrives.",
    "Could you add a way to group {thing} by {city}? We handle {n} of these every week.",
    (
        "The parcel with {thing} was due on {month} {m} and the tracking page has not changed for "
        "{n} days."
    ),
    "Please tell me whether {thing} also works with the {city} branch and what we need to prepare.",
    (
        "The amount of ${n}.{m} was charged on {month} {m}, but the confirmation for {thing} says "
        "something else."
    ),
    "My colleague {name} sees the same, so it does not seem to be my computer.",
    (
        "We have tried another browser, cleared everything and waited until {month}, without any "
        "change."
    ),
    "It is not urgent, but it would help us to plan the next {n} weeks in {city}.",
    "A workaround is to copy {thing} by hand, which takes {name} about {n} minutes each time.",
)
CLOSINGS = (
    "Thank you for your help.\n{name}",
    "Kind regards\n{name}\n{city}",
    "Best\n{name}",
)
THINGS = (
    "the reporting module",
    "our subscription",
    "the mobile app",
    "the delivery planner",
    "the team calendar",
    "the payment page",
    "the photo archive",
    "the booking system",
    "the price list",
    "the access badge portal",
)
CITIES = (
    "Lisbon",
    "Graz",
    "Leeds",
    "Porto",
    "Ghent",
    "Turin",
    "Malmo",
    "Cork",
    "Basel",
    "Lyon",
)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
)
NAMES = (
    "Ines",
    "Tomasz",
    "Aoife",
    "Priya",
    "Jonas",
    "Marta",
    "Kofi",
    "Elena",
    "Sven",
    "Yuki",
)


def tickets(count: int, seed: int = 7) -> Iterator[dict[str, str]]:
    """`count` tickets as subject, body and email. The same seed gives the same tickets."""
    rng = random.Random(seed)
    for number in range(count):
        words = {
            "thing": rng.choice(THINGS),
            "month": rng.choice(MONTHS),
            "name": rng.choice(NAMES),
            "city": rng.choice(CITIES),
            "n": str(rng.randint(2, 99)),
            "m": str(rng.randint(1, 28)),
            "code": str(100_000 + number),
        }
        body = [rng.choice(OPENINGS)]
        target = rng.randint(200, 1900)
        while sum(map(len, body)) < target:
            body.append(rng.choice(MIDDLES))
            words["thing"] = rng.choice(THINGS)
        text = " ".join(
            part.format(**{**words, "thing": rng.choice(THINGS)}) for part in body
        )
        closing = rng.choice(CLOSINGS).format(**words)
        yield {
            "subject": f"{words['thing'].capitalize()} in {words['city']} {words['code']}",
            "body": f"{text}\n\n{closing}"[:2000],
            "email": f"customer{number}@example.com",
        }


if __name__ == "__main__":
    json.dump(
        list(tickets(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)), sys.stdout
    )
