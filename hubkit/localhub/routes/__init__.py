"""What the Hub answers, one module per subject; each has a table ROUTES that `app` puts together."""
