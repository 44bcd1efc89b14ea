"""What each figure of a message about money is, by a trained reader over the words, the other figures and the history."""
