"""The chapter on f-divergences: can a discriminator estimate any of them, and which fit does each prefer?"""
