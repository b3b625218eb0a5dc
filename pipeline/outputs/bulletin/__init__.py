"""The bulletin of a period: what published deliveries say, as a Word document and as PDF."""
