"""Labels out of decisions, retraining, the registry of models, and the one that is live."""
