"""The provider `standards`: any SMTP, IMAP and CalDAV server."""
