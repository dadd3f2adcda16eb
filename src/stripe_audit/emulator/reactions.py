"""What one family of objects does when an event of another has been recorded.

An invoice is paid when its PaymentIntent succeeds, whoever confirmed it: the intent need not know of invoices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stripe_audit.emulator.store import Obj

if TYPE_CHECKING:
    from stripe_audit.emulator.world import Call, World

__all__ = ["REACTIONS", "Reaction", "after"]

Reaction = Callable[["World", Obj, "Call | None"], None]
REACTIONS: dict[str, list[Reaction]] = {}
"""By the type of the event; each gets the object that the event is about, as it is now."""


def after(*types: str) -> Callable[[Reaction], Reaction]:
    """Have a function called after every event of these types. An event may be made up, about an object that there is
    not: that moves nothing.
    """

    def register(reaction: Reaction) -> Reaction:
        def react(world: World, obj: Obj, call: Call | None) -> None:
            if str(obj.get("id")) in world.store.by_id:
                reaction(world, obj, call)

        for type in types:
            REACTIONS.setdefault(type, []).append(react)
        return reaction

    return register
