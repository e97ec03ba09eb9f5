"""What several tests share: made-up studies, a real cluster, a real browser, the project as its users run it."""
