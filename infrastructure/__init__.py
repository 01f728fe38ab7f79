"""What carries the application into AWS. Developers' side: nothing here is deployed."""
