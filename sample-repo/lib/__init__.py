"""Modules that this tenant's utilities share."""
