"""Leases: work that must not run twice at once, whoever runs it, on whichever machine."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from dumont_economy.storage.tables import lease


def take_lease(
    connection: Connection, name: str, holder: str, *, now: datetime, until: datetime
) -> bool:
    """Take a lease, or go on holding it; False where somebody else holds it."""
    free = or_(lease.c.holder == holder, lease.c.expires_at <= now)
    taken = connection.execute(
        update(lease).where(lease.c.name == name, free).values(holder=holder, expires_at=until)
    )
    if taken.rowcount == 1:
        return True
    if connection.execute(select(lease.c.name).where(lease.c.name == name)).first() is not None:
        return False
    connection.execute(insert(lease).values(name=name, holder=holder, expires_at=until))
    return True


def give_lease_back(connection: Connection, name: str, holder: str) -> None:
    """End a lease, if it is this holder's."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
