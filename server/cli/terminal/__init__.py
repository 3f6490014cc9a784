"""What the commands share: opening the application, reading rows, printing."""
