// Purpose: replace the interests of items that language models extracted. Those of the encoder stay.
// Access: write
// Parameters: rows LIST<MAP>, by STRING, own STRING
// Returns: about INTEGER
// Index: item_id (constraint), interest_name (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
SET i.generated_hash = i.content_hash + ' ' + $by, i.touched_at = datetime.realtime(), i.version = coalesce(i.version, 0) + 1
WITH i, row, [about IN row.about | about.name] AS names
CALL (i, names) {
  MATCH (i)-[old:ABOUT]->(n:Interest)
  WHERE old.extracted_by STARTS WITH $own AND NOT n.name IN names
  DELETE old
}
CALL (i, row) {
  UNWIND row.about AS about
  MATCH (n:Interest {name: about.name})
  MERGE (i)-[a:ABOUT]->(n)
  ON CREATE SET a.weight = about.weight, a.extracted_by = $by, a.said = about.said
  ON MATCH SET a.weight = CASE WHEN a.extracted_by STARTS WITH $own THEN about.weight ELSE a.weight END,
               a.said = CASE WHEN a.extracted_by STARTS WITH $own THEN about.said END,
               a.extracted_by = CASE WHEN a.extracted_by STARTS WITH $own THEN $by ELSE a.extracted_by END
  RETURN count(*) AS written
}
RETURN sum(written) AS about
