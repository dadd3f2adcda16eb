"""Stripe's error answers (docs.stripe.com/api/errors, docs.stripe.com/error-codes)."""

from __future__ import annotations

from typing import Any

__all__ = ["ApiError", "card_error", "invalid", "missing_resource", "unexpected_state"]


class ApiError(Exception):
    """An answer with an ``error`` body. ``extra`` holds further members (``payment_intent``, ``charge``, …).

    ``is_saved`` says whether an idempotency key keeps the answer: declines and failures of an endpoint that began its
    work are kept, refusals of a request's form are not (docs.stripe.com/api/idempotent_requests).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        is_saved: bool = False,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.decline_code = decline_code
        self.is_saved = is_saved
        self.headers = headers or {}
        self.extra = extra

    def body(self, account: str, request_id: str) -> dict[str, Any]:
        """The JSON body. Members without a value are left out, as Stripe does."""
        error: dict[str, Any] = {}
        if self.code is not None:
            error["code"] = self.code
        if self.decline_code is not None:
            error["decline_code"] = self.decline_code
        if self.code is not None:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        error.update(self.extra)
        error["request_log_url"] = f"https://dashboard.stripe.com/{account}/test/workbench/logs?object={request_id}"
        error["type"] = self.type
        return {"error": error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """400: the request's form or values are refused before anything happened."""
    return ApiError(message, param=param, code=code)


def missing_resource(kind: str, identity: str, param: str = "id", *, status: int = 404) -> ApiError:
    """404 for an id in the path, 400 for one in a parameter, as Stripe answers."""
    return ApiError(f"No such {kind}: '{identity}'", status=status, code="resource_missing", param=param)


def unexpected_state(message: str, intent: dict[str, Any] | None = None) -> ApiError:
    """400 ``payment_intent_unexpected_state``, with the intent where one is known."""
    error = ApiError(message, code="payment_intent_unexpected_state")
    if intent is not None:
        error.extra["payment_intent"] = intent
    return error


def card_error(message: str, *, code: str, decline_code: str | None, **extra: Any) -> ApiError:
    """402: the card was refused. Kept by an idempotency key: the attempt has happened."""
    return ApiError(
        message, status=402, type="card_error", code=code, decline_code=decline_code, is_saved=True, **extra
    )
