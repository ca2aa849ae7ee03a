"""The way to the meters: platform, gateways, buses, meters, each with how it is doing."""
