"""What is made of the marts for people: snapshots and the findings report."""
