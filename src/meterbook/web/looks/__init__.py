"""Settings > Templates of bills: written, looked at with real data, put in force; pictures of sites and customers."""
