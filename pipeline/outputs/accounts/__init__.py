"""What people open of the accounts: sheets of the workbook, the chapter of the report, its charts."""
