# expect: clean
"""Numbers."""

import math
import statistics

def statistics_and_math(data, filter):
    values = [float(value) for value in data]
    return {"mean": statistics.fmean(values), "norm": math.hypot(*values)}
