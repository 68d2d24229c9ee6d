"""What archiver takes beside what people would use instead, on the same work, in turns."""
