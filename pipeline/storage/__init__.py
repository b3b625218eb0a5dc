"""What a run keeps: artifacts named by their cause, the ledger, stores of blocks, tables, publishing."""
