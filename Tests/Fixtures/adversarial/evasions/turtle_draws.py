# expect: NoExec
"""A drawing needs an interpreter."""

import turtle

def turtle_draws(data, filter):
    return turtle.Turtle()
