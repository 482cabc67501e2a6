"""Everything that can go wrong on purpose, one class per kind, its facts as attributes."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EconomyError(Exception):
    """Base of all errors that this package raises deliberately.

    `code` is stable and in snake case: the API and the command line show it.
    """

    code = "economy_error"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of an input, and what to do about it.

    `parameters` are what the message names, where another language needs them, by name.
    """

    field: str
    code: str
    message: str
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)


class InvalidAmountError(EconomyError):
    """A text is not an exact decimal amount within the limits of the ledger."""

    code = "invalid_amount"

    def __init__(self, reason: str, code: str = "invalid_amount") -> None:
        super().__init__(reason)
        self.code = code


class InvalidInstantError(EconomyError):
    """A text is not an RFC 3339 instant with an offset."""

    code = "invalid_instant"

    def __init__(self, reason: str, code: str = "invalid_instant") -> None:
        super().__init__(reason)
        self.code = code


class UnknownTimeZoneError(EconomyError):
    """A time zone is not a name of the IANA list."""

    code = "unknown_timezone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Unknown time zone: {name[:64]!r}. Use an IANA name such as America/Sao_Paulo."
        )
        self.name = name


class UnknownProviderError(EconomyError):
    """A comparison provider other than AWS, GCP and Azure was asked for.

    Where any provider of the price book will do, `known` names them all.
    """

    code = "unknown_provider"

    def __init__(self, name: str, known: Sequence[str] = ("AWS", "GCP", "Azure")) -> None:
        named = " or ".join([", ".join(known[:-1]), known[-1]] if known[1:] else known)
        super().__init__(f"Unknown provider: {name[:64]}. Use {named}.")
        self.name = name


class PriceNotFoundError(EconomyError):
    """No rate covers the SKU at the instant asked for."""

    code = "price_not_found"

    def __init__(self, sku: str, at: str) -> None:
        super().__init__(f"No rate for {sku} at {at}.")
        self.sku = sku
        self.at = at


class InvalidFileError(EconomyError):
    """A file cannot be read as what it should be; every problem names its line."""

    code = "invalid_file"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidSettingError(EconomyError):
    """A setting from the environment or the command line has no usable value."""

    code = "invalid_setting"


class FeedError(EconomyError):
    """A price feed could not be read whole, so nothing of it is used; `code` says why.

    `retry_at` is when the provider asked to be called again, None where it did not say.
    """

    code = "feed_failed"

    def __init__(self, code: str, reason: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.retry_at = retry_at


class RefreshRunningError(EconomyError):
    """Another process is refreshing prices, and two never do at once."""

    code = "refresh_running"

    def __init__(self) -> None:
        super().__init__(
            "Another process is refreshing prices now. Try again when it is done; if it was "
            "killed, its turn ends by itself within 30 minutes."
        )


class AlreadySetUpError(EconomyError):
    """The installation has an owner; the first-run page creates no second one."""

    code = "already_set_up"

    def __init__(self) -> None:
        super().__init__("This installation has an owner already. Sign in instead.")


class SetupCodeError(EconomyError):
    """The one-time setup code is missing or wrong."""

    code = "setup_code_required"

    def __init__(self) -> None:
        super().__init__("Enter the one-time setup code that the server printed when it started.")


class WrongCredentialsError(EconomyError):
    """E-mail and password do not belong together; says nothing about which is wrong."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("E-mail or password is wrong.")


class InvalidInputError(EconomyError):
    """Fields of an input cannot be used; `problems` says which, and why."""

    code = "invalid_input"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in problems))
        self.problems = problems
        self.code = problems[0].code


class NotFoundError(EconomyError):
    """The thing asked for does not exist for this account."""

    code = "not_found"


class AlreadyExistsError(EconomyError):
    """A thing with this name exists already."""

    code = "already_exists"


class UnknownPolicyVersionError(EconomyError):
    """A version of the account's policy was asked for that does not exist."""

    code = "unknown_policy_version"

    def __init__(self, version: int) -> None:
        super().__init__(f"The account's policy has no version {version}.")
        self.version = version


class PolicyVersionConflictError(EconomyError):
    """A policy was to be changed that somebody else has changed meanwhile."""

    code = "version_conflict"

    def __init__(self, current_version: int) -> None:
        super().__init__(
            f"The policy is at version {current_version} now. Read it again, then change it."
        )
        self.current_version = current_version


class IdempotencyKeyReusedError(EconomyError):
    """An idempotency key was sent again with another request than the first time."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used with another request. Send a new key with a new "
            "request, and the old request unchanged with the old key."
        )


class RequestInProgressError(EconomyError):
    """The request that was first sent with an idempotency key is still being worked on."""

    code = "request_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this Idempotency-Key is still at work. Send it again in a "
            "moment: it gets the first one's answer."
        )


class TooManyStreamsError(EconomyError):
    """A user, or a machine, holds as many streams as one may."""

    code = "too_many_streams"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} streams are open for this user or token, and that is all there may be. "
            "Close one, or poll."
        )
        self.most = most


class StreamsFullError(EconomyError):
    """The server holds as many streams as it can."""

    code = "streams_full"

    def __init__(self, most: int) -> None:
        super().__init__(f"The server has {most} streams open, and takes no more now. Poll.")
        self.most = most


class ServerStoppingError(EconomyError):
    """The server ends its streams, and takes no more."""

    code = "server_stopping"

    def __init__(self) -> None:
        super().__init__("The server is stopping. Come back in a moment.")


class PeriodNotOverError(EconomyError):
    """A period was to be closed that still goes on."""

    code = "period_not_over"

    def __init__(self, period: str, ends_at: str) -> None:
        super().__init__(f"{period} is not over until {ends_at}. Close it then.")
        self.period = period
        self.ends_at = ends_at


class PeriodAlreadyClosedError(EconomyError):
    """A period was to be closed that is closed."""

    code = "period_already_closed"

    def __init__(self, period: str, closed_at: str) -> None:
        super().__init__(
            f"{period} was closed at {closed_at}, and a period is closed once. What was learned "
            "since is its adjustment, at /api/v1/ledger/closed."
        )
        self.period = period
        self.closed_at = closed_at


class DatabaseUnavailableError(EconomyError):
    """The database cannot be opened, read or written now."""

    code = "database_unavailable"


class DatabaseConflictError(DatabaseUnavailableError):
    """The database ended a transaction for the sake of another; once more may go well."""


class Difference(StrEnum):
    """How a fact in the database differs from what was written."""

    CONTENT = "content"
    ORDER = "order"
    MISSING = "missing"
    HEAD = "head"


_DIFFERENCES = {
    Difference.CONTENT: "is not what was written",
    Difference.ORDER: "stands where another belongs",
    Difference.MISSING: "is missing",
    Difference.HEAD: "does not belong to the newest event",
}


class DamageError(EconomyError):
    """The database holds something else than what was written to it; `finding` says what."""

    code = "integrity"

    def __init__(self, finding: str) -> None:
        super().__init__(
            f"{finding} Nothing that rests on it is answered. `economy verify` says what is "
            "damaged; restore a backup."
        )
        self.finding = finding


class DamagedFactError(DamageError):
    """A fact is not what was written.

    `fact` is its kind, as `usage event`; `where` names it among those, field by field.
    """

    def __init__(
        self, fact: str, where: Mapping[str, str | int | None], difference: Difference
    ) -> None:
        named = ", ".join(f"{name} {value!r}" for name, value in where.items() if value is not None)
        super().__init__(f"The {fact} with {named} {_DIFFERENCES[difference]}.")
        self.fact = fact
        self.where = where
        self.difference = difference


class DamagedDatabaseError(DamageError):
    """The database contradicts itself, as where a page of its file was overwritten."""

    def __init__(self) -> None:
        super().__init__("The database is damaged.")


class DamagedCachesError(DamageError):
    """A cache is not what the facts come to. No figure rests on it: it is made anew, or passed by.

    `table` is which, `how` what is wrong with it.
    """

    def __init__(self, table: str, how: str) -> None:
        super().__init__(f"The cache {table} {how}.")
        self.args = (f"The cache {table} {how}. `economy rebuild` makes it anew of the facts.",)


class DatabaseTooNewError(EconomyError):
    """The database was written by a newer version of this program."""

    code = "database_too_new"

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at revision {revision}, which this version does not know: it was "
            "written by a newer Dumont Economy. Upgrade the program, or name another database."
        )
        self.revision = revision


class InvalidEventError(InvalidInputError):
    """A usage event as sent is not one."""
