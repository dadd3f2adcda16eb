"""The demo shop: a small real shop that takes money correctly, its variants, and its defects.

It is the first target that a new user sees, and the proof of every check: the sound shop stays silent, and a shop with
one defect makes just the check for that defect speak. The shop knows nothing of the audit.
"""
