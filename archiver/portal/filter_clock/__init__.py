"""By which clock the portal's filter goes, where that is another than the rows'."""
