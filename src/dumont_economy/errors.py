"""Everything that can go wrong on purpose, one class per kind, its facts as attributes."""

from dataclasses import dataclass
from datetime import datetime


class EconomyError(Exception):
    """Base of all errors that this package raises deliberately.

    `code` is stable and in snake case: the API and the command line show it.
    """

    code = "economy_error"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of an input, and what to do about it."""

    field: str
    code: str
    message: str


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
    """A comparison provider other than AWS, GCP and Azure was asked for."""

    code = "unknown_provider"

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown provider: {name[:64]}. Use AWS, GCP or Azure.")
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


class DatabaseUnavailableError(EconomyError):
    """The database cannot be opened, read or written now."""

    code = "database_unavailable"


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
