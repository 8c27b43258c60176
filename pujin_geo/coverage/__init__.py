"""Verdicts to figures: sums over people, rival rates, projects, supply, ledger and what-if."""
