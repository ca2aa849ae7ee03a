"""Commission a bus on a phone: who answers, which meters they are, whether their transformers are right."""
