"""The picture: rigs, the painted mouth, idle motion and the compositor that makes frames of them."""
