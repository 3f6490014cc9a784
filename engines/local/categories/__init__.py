"""The category of a ticket, from exemplars and from labelled tickets."""
