
    /** The labels, in the order of the model's classes, as answers show them. */
    public val labels: List<String> get() = reader.labels.shown
