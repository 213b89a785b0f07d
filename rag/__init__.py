"""Retrieval, answers and citations: everything between a question and a verified answer."""
