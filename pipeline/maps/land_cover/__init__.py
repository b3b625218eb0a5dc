"""Land cover of each period: by documented rules, by a classifier, or from existing maps."""
