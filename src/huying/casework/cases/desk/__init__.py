"""The staff screens of cases: inbox, one case, map, exports and the pickers other rooms use."""
