"""The morning mail: who is subscribed to what, what a digest holds, how it looks, and how each is sent just once."""
