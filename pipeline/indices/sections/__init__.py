"""River sections: classes of readings, means, periods, trends, rivers, compensation."""
