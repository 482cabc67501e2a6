"""The exception by which a handler answers other than with success."""

from collections.abc import Sequence

from dumont_economy.errors import FieldProblem


class ApiError(Exception):
    """An answer other than success; `extra` are further members of the problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        problems: Sequence[FieldProblem] = (),
        **extra: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.problems = problems
        self.extra = extra
