"""The portal: who may ask, what is listed, how it is laid out."""
