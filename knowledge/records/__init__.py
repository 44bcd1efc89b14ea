"""Reading and writing what happens in conversations: transcript, runs, event log, facts, cases, leads."""
