"""The field program: it reads meters at a site, keeps what it read, and sends it signed. No server code."""
