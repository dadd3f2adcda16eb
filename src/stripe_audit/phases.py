"""The six phases of a review and their 24 tasks, in the order of the report."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PHASES", "TASKS", "Phase", "Task", "phase_named", "phase_of"]


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the review: ``id`` is ``"<phase>.<n>"``."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase: ``folder`` is the folder of its checks under ``checks/``."""

    number: int
    folder: str
    title: str
    tasks: tuple[Task, ...]


def _phase(number: int, folder: str, title: str, *titles: str) -> Phase:
    return Phase(number, folder, title, tuple(Task(f"{number}.{n}", text) for n, text in enumerate(titles, 1)))


PHASES: tuple[Phase, ...] = (
    _phase(
        1,
        "environment",
        "Server startup and environment",
        "Backend starts",
        "Runs on the right port",
        "Webhook endpoint reachable",
        "Environment variables and Stripe configuration valid",
    ),
    _phase(
        2,
        "webhooks",
        "Webhook configuration",
        "Endpoint implementation",
        "Signature validation",
        "Event handlers",
        "Webhook security and error handling",
    ),
    _phase(
        3,
        "payments",
        "Payment flow",
        "Payment intent creation and processing",
        "Payment status updates",
        "Webhook handling for all payment states",
        "Database updates",
    ),
    _phase(
        4,
        "security",
        "Security and compliance",
        "API security",
        "HTTPS and CSP headers",
        "Stripe's latest requirements",
        "PCI",
    ),
    _phase(
        5,
        "errors",
        "Error handling and logging",
        "Error scenarios and fallbacks",
        "Logging",
        "User notifications",
        "Retry of failed transactions",
    ),
    _phase(
        6,
        "integration",
        "Integration",
        "End-to-end workflow",
        "Webhook reliability and ordering",
        "Status synchronisation",
        "Edge cases and failures",
    ),
)
TASKS: dict[str, Task] = {task.id: task for phase in PHASES for task in phase.tasks}


def phase_of(task: str) -> Phase:
    """The phase of a task id such as ``"2.2"``. Raises KeyError for an unknown one."""
    if task not in TASKS:
        raise KeyError(task)
    return PHASES[int(task.split(".")[0]) - 1]


def phase_named(text: str) -> Phase | None:
    """The phase that a user means by its number or its folder's name, or None."""
    return next((phase for phase in PHASES if text in (str(phase.number), phase.folder)), None)
