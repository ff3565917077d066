"""What buyers and the seller are told of orders, and what merchants' systems are."""
