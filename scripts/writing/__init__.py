"""The report: sentences from verdicts, tables for reading, one page that opens offline."""
