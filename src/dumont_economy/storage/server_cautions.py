"""What the operator of a PostgreSQL server should know: settings that weaken what we promise."""

from sqlalchemy import Connection, text

_ROLE = text(
    "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
)
_LOSING = {
    "fsync": "after a power cut, usage that was acknowledged can be gone",
    "full_page_writes": "after a power cut, the database can be damaged",
}


def server_cautions(connection: Connection) -> list[str]:
    """Return a sentence on each setting of the server that weakens a promise; none on SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    cautions = []
    role, passes_by = connection.execute(_ROLE).one()
    if passes_by:
        cautions.append(
            f"The database role {role} passes by row level security: PostgreSQL does not keep "
            "accounts apart for it. Connect as a role that owns the database, but is no superuser "
            "and has no BYPASSRLS."
        )
    for setting, consequence in _LOSING.items():
        if connection.exec_driver_sql(f"SHOW {setting}").scalar() != "on":
            cautions.append(
                f"The database server runs with {setting} off: {consequence}. Set {setting} = on."
            )
    return cautions
