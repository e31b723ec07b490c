"""What comes of single settings: which are written, which are refused, read otherwise, without effect, or of another release.

Every question is a function of a setting and the process that it belongs to; its answer is a Value with a text in the words of
a user, None where there is nothing to say, unknown where it can't be told.
"""
