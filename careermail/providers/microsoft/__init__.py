"""The provider `microsoft`: Microsoft 365 through Graph, with mail from each manager's own mailbox."""
