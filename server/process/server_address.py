"""The server's address in its data folder: how a command finds the server beside it."""

import ipaddress
import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ValidationError

from server.settings import Settings

ADDRESS_FILE = "ticketgraph.address"
"""Its name in the data folder. A server that was killed leaves it behind."""


class ServerAddress(BaseModel):
    """Where a server is, and how a command and that server recognise each other.

    `token` is new at every start: a server that accepts it is the one that wrote the file.
    `database` is the file that the server has open.
    """

    url: str
    token: str
    database: Path


def find_database_file(settings: Settings) -> Path | None:
    """The database where it is a file, with links followed. Raises InputError."""
    # Not above: commands that need no database import this module, too.
    from storage.database.address import SqliteAddress, database_address_of

    address = database_address_of(settings.database_url, settings.data_dir)
    return address.path.resolve() if isinstance(address, SqliteAddress) else None


def local_url(host: str, port: int) -> str:
    """The URL for a listening socket, as a client on this machine reaches it."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1")
    return (
        f"http://[{address}]:{port}"
        if address.version == 6
        else f"http://{address}:{port}"
    )


def write_address(address: ServerAddress) -> None:
    """Write the file, readable for this user alone. Raises OSError."""
    folder = address.database.parent
    number, name = tempfile.mkstemp(prefix=f"{ADDRESS_FILE}.", dir=folder)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(address.model_dump_json())
    Path(name).replace(folder / ADDRESS_FILE)


def remove_address(address: ServerAddress) -> None:
    """Remove the file. Raises OSError."""
    (address.database.parent / ADDRESS_FILE).unlink(missing_ok=True)


def read_address(database: Path) -> ServerAddress | None:
    """What the last server on `database` wrote; None when there is nothing to be read."""
    try:
        written = (database.parent / ADDRESS_FILE).read_bytes()
        address = ServerAddress.model_validate_json(written)
    except (OSError, ValidationError):
        return None
    return address if address.database == database else None
