"""What breaks? N-1 security around a set of outages, hour by hour, with what the request caused."""
