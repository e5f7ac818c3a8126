"""The errors that the program raises.

InterestGraphError
├── InputError            the caller's input or usage is wrong (command line: exit code 2)
│   └── NotFound          a user, item or run that does not exist
├── StatementError        a statement file breaks its contract, or was called with other parameters
├── GraphError            Neo4j refused or failed
│   ├── Neo4jUnavailable  unreachable, or stopped in the middle of a stage
│   │   ├── DiskFull      the disk of the graph has too little room to write; reads go on
│   │   └── NeedsRestart  Neo4j stopped its database after an error, such as a full disk
│   ├── TookTooLong       a transaction ran into its time limit
│   ├── Neo4jAuthFailed   wrong user name or password
│   ├── Neo4jTooOld       older than the oldest version the statements run on
│   └── SchemaTooNew      written by a newer version of this program
├── LeaseLost             another program took the turn of this one, which had stood still
├── OthersAtWork          a follower has to pause for a stage that others run
├── ServerError           the managed local server could not be started, reached or stopped
└── NotReady              a stage was started before the stage that it needs
"""


class InterestGraphError(Exception):
    """Root of all errors below; its text is shown to the user."""


class InputError(InterestGraphError):
    """Wrong usage or wrong input; the text says what it is, where it is, and what was expected."""


class NotFound(InputError):
    """The named user, item or key does not exist in the graph."""


class StatementError(InterestGraphError):
    """A `.cypher` file breaks its contract, or was called with other parameters than it declares."""


class GraphError(InterestGraphError):
    """Neo4j refused or failed."""


class Neo4jUnavailable(GraphError):
    """Neo4j can't be reached, or stopped; running the same command again resumes."""


class DiskFull(Neo4jUnavailable):
    """The disk of the graph has too little room for a write; reads go on."""


class NeedsRestart(Neo4jUnavailable):
    """Neo4j stopped its database after an error, such as a full disk; only a restart helps."""


class TookTooLong(GraphError):
    """A transaction ran into its time limit and was rolled back."""


class ChangesTooFast(GraphError):
    """The graph changed while it was read, each time it was tried; asking again helps."""


class Neo4jAuthFailed(GraphError):
    """Neo4j refused the user name or password."""


class Neo4jTooOld(GraphError):
    """The server is older than the statements need."""


class SchemaTooNew(GraphError):
    """The graph's schema was written by a newer version of the program."""


class LeaseLost(InterestGraphError):
    """The program stood still for longer than its lease, and another one has its turn; running it again helps."""


class OthersAtWork(InterestGraphError):
    """A follower may not write now, because others do work that it yields to."""


class ServerError(InterestGraphError):
    """The managed local Neo4j could not be prepared, started or stopped."""


class NotReady(InterestGraphError):
    """A stage was started before the stage that it needs has run."""
