"""careermail carries the career-conversation playbook for managers who configure it once and forget it."""

__version__ = "0.1.0"
