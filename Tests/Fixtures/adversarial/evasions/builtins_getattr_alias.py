# expect: NoExec
"""`getattr` under another name, a name from a table."""

import builtins

take = getattr
builtins_getattr_aliasS = ["ab", "ev"]

def builtins_getattr_alias(data, filter):
    return take(builtins, builtins_getattr_aliasS[1] + "al")(data)
