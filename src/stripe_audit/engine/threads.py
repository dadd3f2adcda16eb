"""Threads for the blocking work of a check. A thread that never ends keeps neither its check nor the process alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["CheckThreads"]

_AT_ONCE = 16


class CheckThreads(ThreadPoolExecutor):
    """The default executor of a check's event loop: one daemon thread for each call, at most 16 at work at once.

    The standard pool is waited for when the loop closes, and again when the interpreter ends, so that one call that
    hangs (a name look-up, a regular expression) would hang the audit. asyncio accepts only its subclasses.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1)  # never used: submit below starts its own threads
        self._room = threading.Semaphore(_AT_ONCE)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run a function in a new thread as soon as there is room."""
        future: Future[Any] = Future()

        def work() -> None:
            with self._room:
                if not future.set_running_or_notify_cancel():
                    return
                try:
                    result = function(*arguments, **named)
                except BaseException as error:  # whatever the call raises is its caller's
                    future.set_exception(error)
                else:
                    future.set_result(result)

        threading.Thread(target=work, name="a check's blocking call", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for nobody."""
