"""What carries the application into AWS: the package, the stacks, `chalice-cdk`. Not deployed."""
