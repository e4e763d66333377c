"""MOMS: the open-source Outage Management System for grid operators."""

__version__ = "0.1.0"
