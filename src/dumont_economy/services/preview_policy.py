"""Previews a change of policy: what it would do to the lifetime figures. Saves nothing."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountState, AccountViews
from dumont_economy.services.policies import PolicyChange, changed_policy, check_regions
from dumont_economy.storage.accounts import Account


@dataclass(frozen=True)
class PolicyEffect:
    """The lifetime totals beside one provider, under the policy as it is and as it would be."""

    provider: ComparisonProvider
    before: Totals
    after: Totals

    @property
    def change(self) -> Fraction:
        """Return by how much the lifetime saving would rise, exact; less than 0 for a fall."""
        return self.after.saving - self.before.saving


@dataclass(frozen=True)
class PolicyPreview:
    """The policy that a change would make, and its effect beside each provider at one instant."""

    policy: Policy
    as_of: datetime
    effects: list[PolicyEffect]


def preview_policy(views: AccountViews, account: Account, change: PolicyChange) -> PolicyPreview:
    """Return what a change would do; both sides are read from one state, at one `as_of`.

    Raises:
        InvalidInputError: a region has no prices.
        PolicyVersionConflictError: the policy is at another version than was expected.
    """
    with views.read(account) as state:
        check_regions(state.market.matcher.book, change)
        changed = changed_policy(state.policy, change, state.account.timezone)
        effects = [_effect(state, changed, provider) for provider in ComparisonProvider]
        return PolicyPreview(changed, state.as_of, effects)


def _effect(state: AccountState, changed: Policy, provider: ComparisonProvider) -> PolicyEffect:
    return PolicyEffect(
        provider=provider,
        before=state.view(ask(state.policy, provider)).lifetime,
        after=state.view(ask(changed, provider)).lifetime,
    )
