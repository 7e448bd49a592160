"""The people of an organisation, from a table that somebody else keeps: one file per manager comes of it."""
