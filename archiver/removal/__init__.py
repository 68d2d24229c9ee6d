"""The one door: whatever moves or removes bytes of an archive goes through here."""
