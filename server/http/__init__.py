"""What stands around every HTTP request, whatever it asks for."""
