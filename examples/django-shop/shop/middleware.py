"""What every answer has in common."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from shop.log import request_id

Answer = Callable[[HttpRequest], HttpResponse]


def logged(answer: Answer) -> Answer:
    """A line for each request; its id is in all that is logged meanwhile, and in the answer."""

    def around(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request_id.set(secrets.token_hex(8))
        response = answer(request)
        took = round((time.perf_counter() - began) * 1000, 1)
        fields = {"method": request.method, "path": request.path, "status": response.status_code, "duration_ms": took}
        logging.info("request", extra={"fields": fields})
        response["X-Request-Id"] = request_id.get()
        return response

    return around


def discreet(answer: Answer) -> Answer:
    """No answer tells the versions of Python and of its server."""

    def around(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response["Server"] = "shop"
        return response

    return around
