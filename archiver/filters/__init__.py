"""The one grammar by which recordings are chosen: what people type, and what is meant by it."""
