"""What the handlers call: the application's database, clock and readers, in one place."""

from dataclasses import dataclass

from dumont_economy.api.given_answers import GivenAnswers
from dumont_economy.clock import Clock
from dumont_economy.config import Settings
from dumont_economy.services.account_view import AccountViews
from dumont_economy.services.change_watch import ChangeWatch
from dumont_economy.services.credentials import Credentials
from dumont_economy.storage.database import Database


@dataclass(frozen=True)
class Services:
    """The parts that an application was put together from."""

    settings: Settings
    database: Database
    clock: Clock
    views: AccountViews
    credentials: Credentials
    answers: GivenAnswers
    changes: ChangeWatch
