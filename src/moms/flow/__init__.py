"""Durable work: what must happen by the clock is done, once, though machines die."""
