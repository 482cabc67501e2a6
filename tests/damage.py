"""Ways in which facts are damaged behind the application's back, for tests on either database."""

from sqlalchemy import Connection, text

from dumont_economy.storage.database import Database
from dumont_economy.storage.row_security import RowScope, restrict_rows

GUARDED = (
    "usage_event",
    "policy",
    "provider_pricing",
    "billing_rule",
    "exchange_rate",
    "disk_price",
)


def damage(database: Database, *statements: str, account: str = "ours") -> None:
    """Run statements as somebody with the rights to do anything would, past every guard.

    `:ours` in a statement is the id of the account of that name.
    """
    with database.write() as connection:
        lift_guards(connection)
        ours = connection.execute(
            text("SELECT id FROM account WHERE name = :name"), {"name": account}
        ).scalar()
        restrict_rows(connection, RowScope(account_id=ours or ""))
        for statement in statements:
            connection.exec_driver_sql(statement.replace(":ours", f"'{ours}'"))


def lift_guards(connection: Connection) -> None:
    """Remove what refuses to change facts."""
    is_sqlite = connection.dialect.name == "sqlite"
    for table in GUARDED:
        if is_sqlite:
            for change in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_refuses_{change}"))
        else:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_refuses_change"))
