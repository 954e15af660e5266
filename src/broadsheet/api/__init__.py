"""The JSON interface, in the shapes that Hugging Face clients know."""
