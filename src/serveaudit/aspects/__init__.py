"""Words of servers, locations, launches and applications, by the question that they help to ask."""
