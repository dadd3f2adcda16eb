"""A frontend with a server of its own, started beside the app whose pages it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from stripe_audit.audit.filling import fill_text
from stripe_audit.audit.reaching import port_of, speaks_http
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec, launch_environment
from stripe_audit.errors import LaunchError
from stripe_audit.settings import Settings

__all__ = ["start_frontend"]

_SAID = 200


def start_frontend(
    settings: Settings,
    url: str | None,
    values: Mapping[str, str],
    scratch: tuple[Path, ...],
    safe: Callable[[str], str],
    opened: list[Callable[[], None]],
) -> str | None:
    """Launch it where that is declared, wait until it answers, and put its stop into ``opened``.

    Returns why it did not start, in words: then whatever looks at its pages is inconclusive, and the rest goes on. The
    first folder of ``scratch`` takes its output.
    """
    launch = settings.model.target.frontend_launch
    if launch is None or url is None:
        return None
    frontend = LaunchedTarget(
        LaunchSpec(
            command=[fill_text(word, values) for word in launch.words],
            cwd=settings.path(launch.cwd),
            env=launch_environment({name: fill_text(text, values) for name, text in launch.env.items()}),
            output=scratch[0] / "frontend.log",
            port=port_of(url),
            scratch=scratch,
            ready_within=launch.ready_within,
            stop_within=launch.stop_within,
        ),
        safe=safe,
    )
    opened.append(frontend.stop)
    try:
        frontend.start()
        frontend.wait_ready(lambda: speaks_http(url))
    except LaunchError as error:
        said = (error.output or "").strip().splitlines()[-1:]
        told = error.message.replace("the target", "it").replace("the launch command", "its command")
        return f"the frontend does not start: {told}" + (f"; it said last: {said[0][-_SAID:]}" if said else "")
    return None
