"""Does nothing until SIGTERM: the first process of the container that owns a runtime's address.

The containers of its releases come and go in its network namespace, so that what clients have
resolved and connected to stays while releases change.
"""

import signal

if __name__ == "__main__":
    # Blocked, not ignored: the kernel spares a first process signals that it has no handler for.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
