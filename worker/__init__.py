"""The worker side of journal-stream: claim, anonymize, classify, settle."""
