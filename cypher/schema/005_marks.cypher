// Purpose: indexes of the work queue (`due`), of the change feed, and of the end of short-term interests.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT feed_name IF NOT EXISTS FOR (n:Feed) REQUIRE n.name IS UNIQUE;
CREATE INDEX user_due IF NOT EXISTS FOR (n:User) ON (n.due);
CREATE INDEX item_due IF NOT EXISTS FOR (n:Item) ON (n.due);
CREATE INDEX user_changed IF NOT EXISTS FOR (n:User) ON (n.changed_seq);
CREATE INDEX item_changed IF NOT EXISTS FOR (n:Item) ON (n.changed_seq);
CREATE INDEX user_recent IF NOT EXISTS FOR (n:User) ON (n.recent_at);
