"""Where a data set is on this machine, and how it comes here."""
