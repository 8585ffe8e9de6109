"""What the committed records say of the paper's claims, and of the objections to the verdicts."""
