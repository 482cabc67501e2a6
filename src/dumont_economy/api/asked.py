"""The instants that a question asks for, refused where they lie ahead."""

from datetime import datetime

from dumont_economy.api.api_error import ApiError
from dumont_economy.errors import FieldProblem, InvalidInstantError
from dumont_economy.services.asked_instants import Asked, asked_instants


def asked(at: datetime | None, as_of: datetime | None, now: datetime) -> Asked:
    """Return the instant of use and the one whose knowledge answers, now where they are left open.

    Raises:
        ApiError: 422 `as_of_in_future` for what is not known yet.
    """
    try:
        return asked_instants(at, as_of, now)
    except InvalidInstantError as error:
        problem = FieldProblem("as_of", error.code, str(error))
        raise ApiError(422, error.code, str(error), [problem]) from error
