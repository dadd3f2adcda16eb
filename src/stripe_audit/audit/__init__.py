"""One audit from its settings to its report: the stage is set, test mode is proved, the plan is made and run."""
