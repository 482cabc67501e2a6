"""Whether the server is alive, and whether it can serve."""

from flask import Blueprint
from pydantic import BaseModel

from dumont_economy.api.operation import operation, services
from dumont_economy.services import people

blueprint = Blueprint("health", __name__)


class HealthAnswer(BaseModel):
    """The server's state in one word."""

    status: str


@operation(blueprint, "GET", "/healthz", summary="Alive", scope=None, answer=HealthAnswer)
def healthz() -> HealthAnswer:
    """Answer as long as the process does."""
    return HealthAnswer(status="ok")


@operation(
    blueprint,
    "GET",
    "/readyz",
    summary="Able to serve: the database answers",
    scope=None,
    answer=HealthAnswer,
    errors=(503,),
)
def readyz() -> HealthAnswer:
    """Answer ready once the database does."""
    people.needs_owner(services().database)
    return HealthAnswer(status="ready")
