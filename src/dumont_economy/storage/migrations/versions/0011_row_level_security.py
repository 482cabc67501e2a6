"""Row level security: PostgreSQL itself keeps the rows of accounts apart.

It is forced, so it holds for the owner of the tables too. A later migration that reads or changes
rows of these tables goes account by account, or finds none.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OF_ACCOUNT = "account_id = (SELECT current_setting('economy.account_id', true))"
_OF_USER = "user_id = (SELECT current_setting('economy.user_id', true))"
_OF_TOKEN = "token_hash = (SELECT current_setting('economy.token_hash', true))"  # noqa: S105
# By table: which rows are there for a transaction, and which it may leave behind. Who signs in is
# known before the account is: a credential or a person opens its own rows, to learn the account.
_RULES = {
    "usage_event": (_OF_ACCOUNT, _OF_ACCOUNT),
    "refused_event": (_OF_ACCOUNT, _OF_ACCOUNT),
    "policy": (_OF_ACCOUNT, _OF_ACCOUNT),
    "closed_period": (_OF_ACCOUNT, _OF_ACCOUNT),
    "idempotency_key": (_OF_ACCOUNT, _OF_ACCOUNT),
    "membership": (f"{_OF_ACCOUNT} OR {_OF_USER}", _OF_ACCOUNT),
    "api_token": (f"{_OF_ACCOUNT} OR {_OF_TOKEN}", _OF_ACCOUNT),
    "login_session": ((f"{_OF_ACCOUNT} OR {_OF_USER} OR {_OF_TOKEN}",) * 2),
}


def upgrade() -> None:
    """Guard every table with an account in it, and let a person's accounts be found by index."""
    op.create_index("ix_membership_user_id", "membership", ["user_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, (visible, allowed) in _RULES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY rows_of_account ON {table} USING ({visible}) WITH CHECK ({allowed})"
        )
