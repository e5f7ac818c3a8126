// Purpose: all indexes with their state, for the doctor.
// Access: read
// Parameters: none
// Returns: name STRING, state STRING, percent FLOAT
// Index: none
SHOW INDEXES YIELD name, state, populationPercent
RETURN name, state, populationPercent AS percent
ORDER BY name
