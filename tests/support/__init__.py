"""What tests share: things made, servers started, people who act."""
