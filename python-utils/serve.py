"""Launcher for the agent: `/usr/bin/python3 -I -B serve.py --release DIR ...`.

With `-I` neither the working directory nor this folder is importable, so that nothing
planted beside a caller can be picked up; this file names the one folder that is.
The collector sleeps while the modules load (nothing there is garbage), and `gc.freeze`
keeps what they left behind out of every later collection.
"""

import gc
import os
import sys

if __name__ == "__main__":
    gc.disable()
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from python_utils.__main__ import main

    gc.freeze()
    gc.enable()
    sys.exit(main())
