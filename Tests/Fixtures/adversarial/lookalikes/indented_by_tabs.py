# expect: clean
"""Indented by tabs."""

def indented_by_tabs(data, filter):
	if data:
		return data
	return filter
