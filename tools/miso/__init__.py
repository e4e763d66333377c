"""How the bundled `miso` grid is made: one module a step, one documented function a rule."""
