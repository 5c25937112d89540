"""Sites and the people who look after them: keys, roles, tokens, and who may do what."""
