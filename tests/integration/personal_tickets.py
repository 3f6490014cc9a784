"""Tickets full of what no model may see, and that."""

PERSONAL = (
    {
        "subject": "Charged twice for ORD-48213",
        "body": "Hello,\n\nmy name is Marguerite Delacroix and I was charged twice, $49.99 "
        "each, for order ORD-48213. "
        "My card 4111 1111 1111 1111 shows both. Call me on +44 20 7946 0958 or write to "
        "m.delacroix@example.org.\n\n"
        "Best regards\nMarguerite Delacroix\n+44 20 7946 0958",
        "customer_name": "Marguerite Delacroix",
        "customer_email": "m.delacroix@example.org",
    },
    {
        "subject": "Cannot sign in any more",
        "body": "Hi team, Tobias Wernicke here (tobias.wernicke@example.com, cell (415) "
        "555-0134). Since yesterday "
        "error ERR-4021 comes up when I sign in. Also jane_doe+test@sub.example.co.uk has it "
        "as well.\n\nTobias",
        "customer_name": "Tobias Wernicke",
        "customer_email": "tobias.wernicke@example.com",
    },
    {
        "subject": "Wrong address on the invoice",
        "body": "The invoice of 3 May 2026 names Priyanka Raghunathan, please put my company "
        "there. Reach me at "
        "0171 5550123 or p.raghunathan@example.net; I paid with 5500-0000-0000-0004. Order "
        "ORD-90077.",
        "customer_name": "Priyanka Raghunathan",
        "customer_email": "p.raghunathan@example.net",
    },
)
SECRETS = (
    "Marguerite",
    "Delacroix",
    "4111 1111",
    "7946 0958",
    "delacroix@",
    "Tobias",
    "Wernicke",
    "555-0134",
    "jane_doe",
    "Priyanka",
    "Raghunathan",
    "0171 5550123",
    "5500-0000",
    "raghunathan@",
    "@example.org",
    "@example.net",
)
