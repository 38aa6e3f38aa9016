# expect: NoExec
"""Annotations are evaluated by an option that is none of the keywords in sight."""

import inspect

def helper(value: "print('run')"):
    return value

def signature_options(data, filter):
    return inspect.signature(helper, **{"eval_str": True})
