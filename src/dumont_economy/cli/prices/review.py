"""`economy prices review`: what waits for a person, and what a person decides of it."""

import getpass
from collections.abc import Sequence

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.services.review_prices import past_decisions, prices_to_review, review_price
from dumont_economy.storage.price_quarantine import AuditEntry, QuarantinedPrice

_NUMBER = click.IntRange(1, 2**31 - 1)


@click.command("review")
@click.option("--accept", type=_NUMBER, metavar="NUMBER", help="Take that price as a rate.")
@click.option("--reject", type=_NUMBER, metavar="NUMBER", help="Never take that price.")
@click.option("--reason", help="Why; it stays in the audit log.")
@click.option("--log", "shows_log", is_flag=True, help="List past decisions instead.")
@as_json
@command
def review(
    accept: int | None,
    reject: int | None,
    reason: str | None,
    shows_log: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """List the prices that wait for a person, or decide of one of them."""
    _check(accept, reject, reason, shows_log=shows_log)
    database, clock = open_database()
    number = reject if accept is None else accept
    if number is not None:
        decided = review_price(
            database,
            clock,
            number,
            accept=accept is not None,
            actor=f"operating system user {getpass.getuser()}",
            reason=reason or "",
        )
        word = "accepted" if accept is not None else "rejected"
        if as_json:
            print_json({"decision": word, **_waiting_fields(decided)})
        else:
            click.echo(f"{word} {_line(decided)}")
    elif shows_log:
        _tell_log(past_decisions(database), as_json=as_json)
    else:
        _tell_waiting(prices_to_review(database), as_json=as_json)


def _check(accept: int | None, reject: int | None, reason: str | None, *, shows_log: bool) -> None:
    decides = [one for one in (accept, reject) if one is not None]
    problems = []
    if len(decides) + shows_log > 1:
        message = "Use one of --accept, --reject and --log."
        problems.append(FieldProblem("--accept", "one_at_a_time", message))
    if decides and not reason:
        message = "Say why with --reason: it stays in the audit log."
        problems.append(FieldProblem("--reason", "reason_required", message))
    if reason and not decides:
        message = "A reason goes with --accept or --reject."
        problems.append(FieldProblem("--reason", "nothing_decided", message))
    if problems:
        raise InvalidInputError(problems)


def _tell_waiting(waiting: Sequence[QuarantinedPrice], *, as_json: bool) -> None:
    if as_json:
        print_json({"waiting": [_waiting_fields(one) for one in waiting]})
        return
    for one in waiting:
        click.echo(_line(one))
        click.echo(f"      {one.price.code}: {one.price.detail}")
    click.echo(
        f"{len(waiting)} waiting. Decide with --accept NUMBER or --reject NUMBER, and --reason."
        if waiting
        else "No price waits for a decision."
    )


def _tell_log(entries: Sequence[AuditEntry], *, as_json: bool) -> None:
    if as_json:
        fields = [
            {
                "number": one.subject_number,
                "at": instant_text(one.at),
                "actor": one.actor,
                "action": one.action,
                "reason": one.reason,
            }
            for one in entries
        ]
        print_json({"decisions": fields})
        return
    for one in entries:
        click.echo(f"{instant_text(one.at)}  {one.subject_number}  {one.action}  {one.actor}")
        click.echo(f"      {one.reason}")


def _line(waiting: QuarantinedPrice) -> str:
    price = waiting.price
    last = "no price" if price.last_price is None else exact_text(price.last_price)
    what = f"{price.provider} {price.region} {price.instance_type} {price.pricing_model}"
    return (
        f"{waiting.number:5} {what}: {exact_text(price.price_per_instance_hour)} USD/h beside "
        f"{last}, {waiting.scope.source}, since {instant_text(waiting.since)}"
    )


def _waiting_fields(waiting: QuarantinedPrice) -> dict[str, object]:
    price = waiting.price
    return {
        "number": waiting.number,
        "provider": price.provider,
        "region": price.region,
        "instance_type": price.instance_type,
        "pricing_model": price.pricing_model.value,
        "price_per_instance_hour": exact_text(price.price_per_instance_hour),
        "last_price": None if price.last_price is None else exact_text(price.last_price),
        "currency": "USD",
        "code": price.code,
        "message": price.detail,
        "source": waiting.scope.source,
        "since": instant_text(waiting.since),
    }
