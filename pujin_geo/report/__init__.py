"""Results to what planners read: the briefing, its charts, the requirements workbook."""
