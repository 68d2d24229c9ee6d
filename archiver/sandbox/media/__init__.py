"""The media server: objects behind presigned links."""
