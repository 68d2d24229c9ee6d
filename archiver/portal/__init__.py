"""The portal: asking it for pages, and listings that can be believed.

``wire`` knows the answers' three shapes, ``client`` the token and the network, ``rate_limiter`` the
rate, ``session`` the first look. ``proving`` walks pages, turns walks into a listing, cuts a window
into slices and finds one row again. Only ``client`` does I/O; the rest are generators that yield
the pages they want and are sent the answers, so every rule can be tested with values.
"""
