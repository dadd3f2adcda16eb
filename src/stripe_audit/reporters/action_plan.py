"""The action plan of ``--dry-run``: what will run, what it may do at most, and what will not run and why."""

from __future__ import annotations

from stripe_audit.phases import PHASES, TASKS
from stripe_audit.plan import Plan, PlanEntry
from stripe_audit.reporters.markdown import template_text
from stripe_audit.reporters.page import Page, page_text
from stripe_audit.reporters.quoting import plural
from stripe_audit.reporters.review import Gap, gaps_of

__all__ = ["render_plan_markdown", "render_plan_text"]


def render_plan_markdown(plan: Plan, target: str = "the target") -> str:
    """The plan as Markdown, every task and check of it still to be done."""
    requests, objects = _bounds(plan)
    return template_text(
        "plan.md.j2",
        plan=plan,
        target=target,
        requests=requests,
        objects=objects,
        by_task=_by_task(plan),
        gaps=_unplanned(plan),
        entry_words=_words,
    )


def render_plan_text(
    plan: Plan, target: str = "the target", *, width: int = 100, color: bool = False, encoding: str = "utf-8"
) -> str:
    """The plan for a terminal, in characters that the encoding has."""
    requests, objects = _bounds(plan)
    granted = plan.permission
    page = Page(encoding)
    page.add(0, "", ("Action plan: ", "bold"), (target, "bold"))
    page.add(2, "", ("Strongest effect allowed: ", "dim"), f"{granted.strongest.value}, {granted.reason}")
    if granted.setting:
        page.add(2, "", ("More would be allowed with: ", "dim"), granted.setting)
    by_task = _by_task(plan)
    for phase in PHASES:
        page.gap()
        page.add(0, "", (f"{phase.number} {phase.title}", "bold"))
        for task in phase.tasks:
            page.add(2, "○", f"{task.id} {task.title}" + ("" if by_task[task.id] else ": no check is selected"))
            for entry in by_task[task.id]:
                if entry.will_run:
                    page.add(6, "○", (entry.check.id, "bold"), f" {entry.check.title}: {_words(entry)}")
                else:
                    why = f" will not run: {entry.reason or 'no reason was given'}"
                    page.add(6, "-", (entry.check.id, "bold"), why, style="dim")
    gaps = _unplanned(plan)
    if gaps:
        page.gap()
        page.add(0, "", ("What will not run", "bold"))
    for gap in gaps:
        page.add(2, "-", (gap.setting or "no setting enables these", "bold"), f": {', '.join(gap.checks)}", limit=1200)
    page.gap()
    page.add(
        0,
        "",
        (f"will run {len(plan.running)} of {len(plan.entries)}", "bold"),
        f" checks, with at most {plural(requests, 'request')} to the target and at most "
        f"{plural(objects, 'object')} made there",
    )
    return page_text(page, width, color)


def _bounds(plan: Plan) -> tuple[int, int]:
    """Upper bounds of requests and of objects, over all that will run."""
    return sum(entry.max_requests for entry in plan.running), sum(entry.max_objects for entry in plan.running)


def _by_task(plan: Plan) -> dict[str, list[PlanEntry]]:
    return {task: [entry for entry in plan.entries if entry.check.task == task] for task in TASKS}


def _unplanned(plan: Plan) -> tuple[Gap, ...]:
    return gaps_of((entry.check.id, entry.setting, entry.reason) for entry in plan.entries if not entry.will_run)


def _words(entry: PlanEntry) -> str:
    routes = f"routes {', '.join(entry.routes)}" if entry.routes else "no route"
    added = ", added because another check requires it" if entry.is_added else ""
    return (
        f"effect {entry.check.effect}, {routes}, at most {plural(entry.max_requests, 'request')} and "
        f"{plural(entry.max_objects, 'object')}{added}"
    )
