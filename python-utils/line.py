"""The agent's line to the tasks of a Swarm service: a container in the tenant's network that passes its
requests on. See python_utils/line.py."""

import os
import sys

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from python_utils.line import main

    sys.exit(main())
