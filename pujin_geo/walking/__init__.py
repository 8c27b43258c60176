"""Streets to walks: the graph, the ways in, distances, routes, reach and verdicts."""
