"""The study: statistics, claims and objections."""
