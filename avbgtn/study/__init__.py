"""The study of the paper's claims: which trainings, and what is measured on each."""
