"""The evaluation harness: sets of questions with gold quotations, metrics, runs."""
