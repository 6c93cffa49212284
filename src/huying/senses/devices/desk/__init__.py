"""Staff pages of devices: the list, the map, one device, registering, credentials, commands."""
