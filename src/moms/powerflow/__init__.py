"""The physics: DC power flow, factors, islands. Arrays in, arrays out."""
