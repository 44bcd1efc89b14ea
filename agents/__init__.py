"""Who answers: the supervisor, five specialists, and the two brains they can think with."""
