"""Pages about devices that send by HTTP."""
