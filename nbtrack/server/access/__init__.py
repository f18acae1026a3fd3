"""Who may do what on a team server: tokens, roles, limits and the audit log, in one middleware before all routes."""
