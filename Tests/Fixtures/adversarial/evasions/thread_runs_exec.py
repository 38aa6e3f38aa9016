# expect: NoExec
"""In a thread of its own."""

import threading

def thread_runs_exec(data, filter):
    worker = threading.Thread(target=exec, args=(data,))
    worker.start()
    return worker.join()
