"""How an import of prices is told, to a person and to a program."""

import click

from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.services.import_prices import PriceImport
from dumont_economy.services.refresh_prices import LeftAlone
from dumont_economy.storage.price_imports import ImportOutcome

_SHOWN_REASONS = 20


def import_fields(done: PriceImport) -> dict[str, object]:
    """Return an import for JSON; prices as decimal text in USD per instance-hour."""
    record = done.record
    counts = record.counts
    return {
        "import": done.number,
        "source": record.scope.source,
        "provider": record.scope.provider or None,
        "region": record.scope.region,
        "url": record.url,
        "retrieved_at": instant_text(record.retrieved_at),
        "outcome": record.outcome.value,
        "code": record.code or None,
        "detail": record.detail or None,
        "retry_at": None if record.retry_at is None else instant_text(record.retry_at),
        "payload_sha256": record.payload_sha256,
        "added": counts.added,
        "confirmed": counts.confirmed,
        "agreeing": counts.agreeing,
        "refused": counts.refused,
        "quarantined": counts.quarantined,
        "skipped": counts.skipped,
        "missing": counts.missing,
        "skipped_by_reason": dict(sorted(done.skipped.items())),
        "refusals": [
            {
                "code": one.code,
                "subject": one.subject or None,
                "rows": one.rows,
                "place": one.place,
                "message": one.detail,
            }
            for one in done.refusals
        ],
        "waiting": [
            {
                "provider": one.provider,
                "region": one.region,
                "instance_type": one.instance_type,
                "pricing_model": one.pricing_model.value,
                "price_per_instance_hour": exact_text(one.price_per_instance_hour),
                "last_price": None if one.last_price is None else exact_text(one.last_price),
                "code": one.code,
                "message": one.detail,
            }
            for one in done.waiting
        ],
    }


def print_import(done: PriceImport) -> None:
    """Print what became of an import: a line of counts, then each reason."""
    record, counts = done.record, done.record.counts
    where = " ".join(filter(None, (record.scope.source, record.scope.region)))
    if record.outcome is not ImportOutcome.TAKEN:
        why = record.detail.rstrip(".")
        said = f"{where}: {record.outcome} ({record.code}): {why}. Every price stays as it was."
        click.echo(said, err=True)
    if record.outcome is ImportOutcome.FAILED:
        return
    click.echo(
        f"{where}: {counts.added} added, {counts.confirmed} confirmed, {counts.agreeing} agreeing, "
        f"{counts.refused} refused, {counts.quarantined} waiting for review, "
        f"{counts.skipped} of other kinds, {counts.missing} missing"
    )
    if done.skipped:
        reasons = ", ".join(f"{rows} {reason}" for reason, rows in done.skipped.most_common())
        click.echo(f"  of other kinds: {reasons}")
    for one in done.refusals[:_SHOWN_REASONS]:
        times = "" if one.rows == 1 else f" ({one.rows} rows)"
        click.echo(f"  refused {one.code}, {one.place}{times}: {one.detail}", err=True)
    for waiting in done.waiting[:_SHOWN_REASONS]:
        what = f"{waiting.instance_type} {waiting.region} {waiting.pricing_model}"
        click.echo(f"  waiting {waiting.code}, {what}: {waiting.detail}", err=True)
    hidden = sum(max(0, len(all_) - _SHOWN_REASONS) for all_ in (done.refusals, done.waiting))
    if hidden:
        click.echo(f"  ... and {hidden} more; --json lists them all", err=True)


def left_alone_fields(left: LeftAlone) -> dict[str, object]:
    """Return a feed that was not read, for JSON."""
    return {
        "source": left.scope.source,
        "provider": left.scope.provider,
        "region": left.scope.region,
        "outcome": "left_alone",
        "retry_at": instant_text(left.until),
    }


def print_left_alone(left: LeftAlone) -> None:
    """Say which feed was not read, and until when it will not be."""
    where = " ".join(filter(None, (left.scope.source, left.scope.provider, left.scope.region)))
    until = instant_text(left.until)
    click.echo(f"{where}: not read, it asked not to be called before {until}.", err=True)


def is_clean(done: PriceImport) -> bool:
    """Say whether a source was read and nothing of it was refused."""
    return done.record.outcome is ImportOutcome.TAKEN and not done.record.counts.refused
