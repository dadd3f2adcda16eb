"""What every answer has in common."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def discreet(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """No answer tells the versions of Python and of its server."""

    def around(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response["Server"] = "shop"
        return response

    return around
