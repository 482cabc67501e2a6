"""Edge: reads what providers publish into price claims, whole or not at all; judges nothing."""
