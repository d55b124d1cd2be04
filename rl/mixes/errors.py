"""What keeps a ledger from doing what it is asked; each message says what to do."""

from assayoffice.rl.errors import AssayError


class MixError(AssayError):
    """The ledger cannot do this: there is no such mix, the name is taken, nothing would be left."""


class FrozenMixError(MixError):
    """The mix is frozen, and this would change it."""


class BrokenMixError(MixError):
    """Files of the ledger are not what they say they are; they were edited or lost."""


class ForeignHallmarkError(MixError):
    """Rows bear another hallmark than the one that is demanded."""
