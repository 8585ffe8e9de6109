"""The chapter on distances and critics: which distance still pulls when nothing overlaps?"""
