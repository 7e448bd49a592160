"""The provider `exchange`: Exchange Server on premises, through EWS."""
