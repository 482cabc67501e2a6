"""Reads the figures of an account's savings that are more than a sum."""

from fractions import Fraction

from dumont_economy.metering.gpu_session import InstanceState
from dumont_economy.savings.projection import Projection, project
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView

_SUMMARISED = 5


def project_savings(view: AccountView, daily_hours: Fraction | None) -> Projection:
    """Return the account's saving carried forward."""
    return project(
        daily_hours=daily_hours,
        saving_per_hour=view.saving_per_hour,
        measured=None if daily_hours is not None else view.measured_saving(),
    )


def summarise_instances(view: AccountView) -> list[tuple[InstanceState, Totals]]:
    """Return up to five instances with their totals: active ones first, then the latest used."""
    newest = view.ledger.used_last(view.records, _SUMMARISED)
    return [(state, view.totals_of(state)) for state in newest]
