# expect: NoExec
"""So is a grammar."""

from lib2to3.pgen2 import driver

def grammar_loads(data, filter):
    return driver.load_grammar(data)
