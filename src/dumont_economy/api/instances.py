"""The account's instances, in all states. Amounts are decimal strings in the account's currency."""

from datetime import datetime
from enum import StrEnum

from flask import Blueprint
from pydantic import BaseModel

from dumont_economy.api.cursor import CursorParameter, decode_cursor, encode_cursor
from dumont_economy.api.economy.shared import (
    ComparisonInfo,
    GradeHours,
    Live,
    NoticeInfo,
    comparison_info,
    grade_hours,
    live,
    notices_of,
    open_view,
    slope_text,
    status_of,
    view_of,
)
from dumont_economy.api.operation import operation
from dumont_economy.api.parameters import ComparisonQuery, LimitParameter
from dumont_economy.api.period import PeriodQuery, window_of
from dumont_economy.api.published_number import hours, published
from dumont_economy.api.reasons import ReasonParameters, unpriced_code, unpriced_parameters
from dumont_economy.api.state_page import PageQuery, cursor_at, open_page
from dumont_economy.instant import instant_text
from dumont_economy.metering.gpu_session import GpuRun, InstanceStatus
from dumont_economy.money import amount_text, exact_text
from dumont_economy.pricing.equivalence import Equivalent, Grade, Ratios, Reach
from dumont_economy.pricing.match_timeline import Match, Unpriced, UnpricedReason
from dumont_economy.pricing.sku import ProviderLabel
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView, ActiveInstance
from dumont_economy.services.notices import notices_on
from dumont_economy.services.read_instances import (
    GpuGroup,
    InstanceRow,
    SessionFigures,
    read_gpu_groups,
    read_instance,
    read_instances,
)

blueprint = Blueprint("instances", __name__, url_prefix="/api/v1")

_PAGE = 100
_MACHINES_PLACES = 4


class GroupBy(StrEnum):
    """What one row of the answer is."""

    INSTANCE = "instance"
    GPU = "gpu"


class InstancesQuery(PeriodQuery, ComparisonQuery):
    """Parameters of the list of instances; a period narrows it to what was on in it."""

    group_by: GroupBy = GroupBy.INSTANCE
    limit: LimitParameter = _PAGE
    cursor: CursorParameter | None = None


class RatioInfo(BaseModel):
    """The compared GPU's figures as multiples of the original's; null where unknown."""

    memory: str
    fp16: str | None
    bandwidth: str | None


class MatchDetail(BaseModel):
    """What an instance is compared with, and how alike it is. USD per hour."""

    grade: Grade
    sku: str | None
    gpu_type: str
    region: str | None
    effective_from: str | None
    source: str
    source_url: str | None
    retrieved_at: str | None
    age_days: int | None
    machines: float
    how: Reach
    ratios: RatioInfo | None
    smallest_instance_per_hour: str | None


class TotalsInfo(BaseModel):
    """Hours and money of one row. Saving is comparison cost minus comparable cost.

    `cost` is null where all of it was paid in another currency, which is not converted.
    """

    hours: float
    gpu_hours: float
    cost: str | None
    comparable_cost: str
    comparison_cost: str
    saving: str


class TotalsPerSecond(BaseModel):
    """What each second adds to the money of a row, exactly; a cost that is null has no slope."""

    cost: str | None
    comparable_cost: str
    comparison_cost: str
    saving: str


class MovingTotalsInfo(TotalsInfo):
    """Totals at `as_of`, to tick from up to `valid_until`: the slopes are 0 where nothing moves."""

    per_second: TotalsPerSecond


class SessionInfo(BaseModel):
    """The open session; `live` is null where nothing of it has a comparison."""

    started_at: str
    hours: float
    cost: str | None
    comparable_cost: str
    comparison_cost: str
    saving: str
    live: Live | None


class InstanceInfo(BaseModel):
    """One instance, named by its id where it has no name.

    The rates are null while it is off, and where they are not known. `match`, what it compares
    with now, is null where that is nothing; `unpriced_reason` says why, `unpriced_code` that
    in one word, and `unpriced_parameters` what a sentence about it names.
    """

    instance_id: str
    name: str
    gpu_type: str
    gpu_spelling: str
    variant_assumed: bool
    gpu_count: int
    provider: str
    status: InstanceStatus
    since: str | None
    last_report_at: str | None
    silent: bool
    rate_per_hour: str | None
    match: MatchDetail | None
    unpriced_code: UnpricedReason | None
    unpriced_reason: str | None
    unpriced_parameters: ReasonParameters | None
    comparison_rate_per_hour: str | None
    saving_per_hour: str | None
    session: SessionInfo | None
    lifetime: MovingTotalsInfo


class GpuGroupInfo(BaseModel):
    """All instances of one GPU type; `grades` are those that its use is compared with."""

    gpu_type: str
    instances_count: int
    active_count: int
    grades: GradeHours
    lifetime: TotalsInfo


class PaidRate(BaseModel):
    """From `since` on, the instance cost so much an hour, in its run's currency."""

    since: str
    rate_per_hour: str


class RunInfo(BaseModel):
    """An uninterrupted stretch in one shape; `ended_at` is null while it runs."""

    started_at: str
    ended_at: str | None
    provider: str
    gpu_type: str
    gpu_spelling: str
    gpu_count: int
    currency: str
    rates: list[PaidRate]


class OpenedSession(BaseModel):
    """One session from start to stop, its runs in order; `ended_at` is null while it is open."""

    started_at: str
    ended_at: str | None
    runs: list[RunInfo]
    totals: MovingTotalsInfo


class InstanceAnswer(BaseModel):
    """One instance and a page of its sessions, the latest first; all pages are of one `as_of`."""

    provider: ProviderLabel
    currency: str
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    instance: InstanceInfo
    sessions: list[OpenedSession]
    next_cursor: str | None


class InstancesAnswer(BaseModel):
    """A page of instances, or all GPU types; the other list is empty."""

    provider: ProviderLabel
    currency: str
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    instances: list[InstanceInfo]
    groups: list[GpuGroupInfo]
    notices: list[NoticeInfo]
    next_cursor: str | None


@operation(
    blueprint,
    "GET",
    "/instances",
    summary="The account's instances in all states, or its use by GPU",
    scope="read",
    query=InstancesQuery,
    answer=InstancesAnswer,
    errors=(400,),
)
def instances(query: InstancesQuery) -> InstancesAnswer:
    """Answer a page of instances, active ones first."""
    start = decode_cursor(query.cursor, 1)[0] if query.cursor else 0
    view = open_view(query)
    used_in = window_of(query, view.account)
    rows: list[InstanceRow] = []
    groups: list[GpuGroup] = []
    has_more = False
    if query.group_by is GroupBy.GPU:
        groups = read_gpu_groups(view, used_in)
    else:
        rows, has_more = read_instances(view, start=start, limit=query.limit, used_in=used_in)
    return InstancesAnswer(
        provider=view.question.provider.label,
        currency=view.account.currency,
        comparison=comparison_info(view.question),
        as_of=instant_text(view.as_of),
        valid_until=instant_text(view.valid_until),
        instances=[_instance_info(view, row) for row in rows],
        groups=[_group_info(group) for group in groups],
        notices=notices_of(notices_on(view)),
        next_cursor=encode_cursor(start + query.limit) if has_more else None,
    )


@operation(
    blueprint,
    "GET",
    "/instances/<text:instance_id>",
    summary="One instance, opened into its sessions",
    scope="read",
    query=PageQuery,
    answer=InstanceAnswer,
    errors=(400, 404),
)
def instance(instance_id: str, query: PageQuery) -> InstanceAnswer:
    """Answer an instance and a page of its sessions, the latest first."""
    (start,), state = open_page(query)
    view = view_of(state, query)
    row, sessions, has_more = read_instance(view, instance_id, start=start, limit=query.limit)
    return InstanceAnswer(
        provider=view.question.provider.label,
        currency=view.account.currency,
        comparison=comparison_info(view.question),
        as_of=instant_text(view.as_of),
        valid_until=instant_text(view.valid_until),
        instance=_instance_info(view, row),
        sessions=[_opened_session(view, one) for one in sessions],
        next_cursor=cursor_at([start + query.limit], state, view) if has_more else None,
    )


def _opened_session(view: AccountView, one: SessionFigures) -> OpenedSession:
    session = one.session
    return OpenedSession(
        started_at=instant_text(session.starts_at),
        ended_at=_instant_or_none(session.ends_at),
        runs=[_run_info(view, run) for run in session.runs],
        totals=_moving_totals(one.totals, one.per_second),
    )


def _run_info(view: AccountView, run: GpuRun) -> RunInfo:
    shape = run.shape
    return RunInfo(
        started_at=instant_text(run.starts_at),
        ended_at=_instant_or_none(run.ends_at),
        provider=shape.provider,
        gpu_type=view.gpu_type(shape),
        gpu_spelling=shape.gpu,
        gpu_count=shape.gpu_count,
        currency=shape.currency or view.account.currency,
        rates=[
            PaidRate(since=instant_text(rate.since), rate_per_hour=exact_text(rate.rate))
            for rate in run.rates
        ],
    )


def _instant_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


def _instance_info(view: AccountView, row: InstanceRow) -> InstanceInfo:
    state, shape, active = row.state, row.shape, row.active
    gpu = view.identity(shape)
    rate = comparison_rate = saving = None
    if active is not None:
        rate, comparison_rate = active.live.rate, active.live.comparison_rate
        saving = active.live.saving_per_hour
    return InstanceInfo(
        instance_id=state.instance,
        name=state.name or state.instance,
        gpu_type=view.gpu_type(shape),
        gpu_spelling=shape.gpu,
        variant_assumed=gpu is not None and gpu.variant_assumed,
        gpu_count=shape.gpu_count,
        provider=shape.provider,
        status=status_of(state),
        since=None if state.since is None else instant_text(state.since),
        last_report_at=None if state.last_report_at is None else instant_text(state.last_report_at),
        silent=view.is_silent(state),
        rate_per_hour=None if rate is None else exact_text(rate),
        match=_match_detail(row.match, view),
        unpriced_code=unpriced_code(row.match),
        unpriced_reason=row.match.message if isinstance(row.match, Unpriced) else None,
        unpriced_parameters=unpriced_parameters(row.match),
        comparison_rate_per_hour=None if comparison_rate is None else exact_text(comparison_rate),
        saving_per_hour=None if saving is None else exact_text(saving),
        session=None if active is None else _session_info(active),
        lifetime=_moving_totals(row.lifetime, row.per_second),
    )


def _match_detail(match: Match, view: AccountView) -> MatchDetail | None:
    if not isinstance(match, Equivalent):
        return None
    rate, smallest = match.rate, match.smallest_instance_usd_per_hour
    return MatchDetail(
        grade=match.grade,
        sku=rate.sku.instance_type if rate else None,
        gpu_type=match.gpu_model,
        region=rate.sku.region if rate else None,
        effective_from=instant_text(rate.effective_from) if rate else None,
        source=match.source,
        source_url=rate.source_url if rate else None,
        retrieved_at=rate.retrieved_at.isoformat() if rate else None,
        age_days=(view.as_of.date() - rate.retrieved_at).days if rate else None,
        machines=published(match.machines, _MACHINES_PLACES),
        how=match.reach,
        ratios=None if match.ratios is None else _ratio_info(match.ratios),
        smallest_instance_per_hour=None if smallest is None else exact_text(smallest),
    )


def _ratio_info(ratios: Ratios) -> RatioInfo:
    return RatioInfo(
        memory=amount_text(ratios.memory, 2),
        fp16=None if ratios.fp16 is None else amount_text(ratios.fp16, 2),
        bandwidth=None if ratios.bandwidth is None else amount_text(ratios.bandwidth, 2),
    )


def _session_info(active: ActiveInstance) -> SessionInfo:
    totals, saving = active.totals, active.saving
    return SessionInfo(
        started_at=instant_text(active.session.starts_at),
        hours=hours(totals.used),
        cost=_cost(totals),
        comparable_cost=amount_text(totals.comparable.total()),
        comparison_cost=amount_text(totals.counterfactual.total()),
        saving=amount_text(totals.saving),
        live=None if saving is None else live(saving, active.live.saving_per_second),
    )


def _cost(totals: Totals) -> str | None:
    is_known = totals.gpu_not_converted < totals.gpu_used or not totals.gpu_used
    return amount_text(totals.actual.total()) if is_known else None


def _totals_info(totals: Totals) -> TotalsInfo:
    return TotalsInfo(
        hours=hours(totals.used),
        gpu_hours=hours(totals.gpu_used),
        cost=_cost(totals),
        comparable_cost=amount_text(totals.comparable.total()),
        comparison_cost=amount_text(totals.counterfactual.total()),
        saving=amount_text(totals.saving),
    )


def _moving_totals(totals: Totals, per_second: Totals) -> MovingTotalsInfo:
    info = _totals_info(totals)
    return MovingTotalsInfo(
        **info.model_dump(),
        per_second=TotalsPerSecond(
            cost=None if info.cost is None else slope_text(per_second.actual.total()),
            comparable_cost=slope_text(per_second.comparable.total()),
            comparison_cost=slope_text(per_second.counterfactual.total()),
            saving=slope_text(per_second.saving),
        ),
    )


def _group_info(group: GpuGroup) -> GpuGroupInfo:
    return GpuGroupInfo(
        gpu_type=group.gpu_type,
        instances_count=group.instances_count,
        active_count=group.active_count,
        grades=grade_hours(group.lifetime),
        lifetime=_totals_info(group.lifetime),
    )
