"""The pages of buying: checkout, pay, orders, and the sandbox provider's own."""
