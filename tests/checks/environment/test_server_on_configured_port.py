from __future__ import annotations

import pytest

from stripe_audit.ports import Listener
from tests.checks.modules import module_of

NODE = Listener(3001, 7, "node other.js", ("127.0.0.1",))
UNSEEN = Listener(3001, None, None)


@pytest.mark.parametrize(
    ("listener", "is_ours", "is_ready", "is_running", "elsewhere", "title"),
    [
        (NODE, True, True, True, (), None),
        (NODE, False, True, True, (), None),  # a container or a service manager may have started it
        (UNSEEN, False, True, True, (), None),
        (None, False, False, False, (), None),  # it has died, which server-starts tells
        (None, False, True, False, (), None),
        (NODE, False, False, True, (3002,), "Another process has the port"),
        (NODE, False, False, False, (), "Another process has the port"),
        (None, False, False, True, (3002, 3003), "The server listens on another port"),
        (None, False, False, True, (), "The server does not listen"),
    ],
)
def test_who_listens(listener, is_ours, is_ready, is_running, elsewhere, title):
    module = module_of("server-on-configured-port")
    wrong = module.assess(module.Seen(3001, listener, is_ours, is_ready, is_running, elsewhere))
    assert (wrong and wrong[0]) == title
    if title == "Another process has the port":
        assert "node other.js (process 7)" in wrong[1]
    if title == "The server listens on another port":
        assert "3002, 3003" in wrong[1]
