"""Trouble of the sandbox's. None of it says anything about the program."""


class SandboxUnavailable(Exception):
    """This host offers no isolation that suffices; the message has the probes and the remedies."""


class SandboxFailure(Exception):
    """A run was lost through no fault of the program: a slot was killed, the host is out of room.

    Running it again may help.
    """
