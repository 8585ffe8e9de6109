"""What several chapters of the part *Going further* share: networks of several seeds side by side, the
penalties on a critic's slope, and the games on the ring.
"""
