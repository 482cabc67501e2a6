"""Path arguments that are any text: what reporters choose is not ours to forbid."""

from werkzeug.routing import BaseConverter


class TextConverter(BaseConverter):
    """Takes the rest of a path whole, its slashes and a leading one included.

    Werkzeug's own `path` takes no leading slash.
    """

    part_isolating = False
    regex = ".+"
