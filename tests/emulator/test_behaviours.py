"""The official Python library sees every named behaviour."""

from __future__ import annotations

import pytest

from tests.emulator.behaviours import BEHAVIOURS, World


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_python(client, browser, control, make_client, name):
    BEHAVIOURS[name](World(client, browser, control, make_client))
