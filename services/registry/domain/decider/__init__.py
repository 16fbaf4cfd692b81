"""Commands become events, events become state: a module for each aggregate."""
