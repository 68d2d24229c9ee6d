"""What has come for settled days since they were listed, so that they are listed again."""
