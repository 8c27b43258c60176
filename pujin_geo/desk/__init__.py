"""Driving without code: a map with drop-downs and sliders, and a planning desk that answers clicks."""
