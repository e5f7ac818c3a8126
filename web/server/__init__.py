"""The HTTP server: Tornado's connections and time limits in front of a WSGI application that runs in threads."""
