"""The header `Idempotency-Key`: how a client asks that a request be worked on once."""

import re
from hashlib import sha256

from flask import Response, request

from dumont_economy.api.api_error import ApiError
from dumont_economy.errors import FieldProblem
from dumont_economy.services.answer_once import Answered, KeyedRequest
from dumont_economy.storage.idempotency_keys import KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
MAX_KEY_BYTES = 255
KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"

_KEY = re.compile(KEY_PATTERN)


def keyed_request(body: bytes) -> KeyedRequest | None:
    """Return the request's key and what it stands for, None where no key was sent.

    `body` is the body as it was before it was compressed: compressing it again may give other
    bytes, and would not make it another request.

    Raises:
        ApiError: 422, the header is no key.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        message = (
            f"Use 1 to {MAX_KEY_BYTES} visible ASCII characters, without spaces; for example a "
            "UUID."
        )
        problem = FieldProblem(HEADER, "invalid_idempotency_key", message)
        raise ApiError(422, problem.code, f"{HEADER}: {message}", [problem])
    said = f"{request.method} {request.full_path}\n".encode()
    return KeyedRequest(key, sha256(said + body).hexdigest())


def kept(response: Response) -> KeptAnswer:
    """Return a response as it is kept: whoever asks again gets these bytes."""
    return KeptAnswer(response.status_code, response.content_type, response.get_data())


def once_response(answered: Answered) -> Response:
    """Return the response to a request, which says so where it is an earlier one's."""
    answer = answered.answer
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    if answered.is_replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response
