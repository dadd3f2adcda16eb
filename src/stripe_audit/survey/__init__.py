"""What can be learnt about a project by reading it: how it starts, where it listens, what its routes are for.

Nothing is run and nothing is contacted. What is guessed says so, with the file and the line that it was guessed from.
"""

from stripe_audit.survey.project import Survey, survey

__all__ = ["Survey", "survey"]
