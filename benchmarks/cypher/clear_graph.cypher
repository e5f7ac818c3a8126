// Purpose: empty the graph in transactions of bounded size.
MATCH (n)
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 500 ROWS
