"""What commissioning thinks about what a meter sent: which blocks to ask, which model it is, whether its transformers
are right. Pure: no Django, no clock, no connection."""
