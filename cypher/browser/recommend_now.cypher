// Recommend now, or as of a time
// Purpose: the ten items that `interestgraph recommend` gives a user (with a time: `recommend --at`), by the same
// computation, in Cypher alone: the best unseen items of each channel are candidates, each with signals, and a signal
// counts in standard deviations over the candidates, times the weight that the active model learned. `because` is what
// gives most to an item's score, `channels` the shares of it, `chosen_later` when the user chose it after the time.
// docs/neo4j-browser.md says what differs. With a time, relationships between items are those of today.
// In Neo4j Browser, first:  :param user_id => '196'
// and                       :param at => null
// or with a time            :param at => '1998-01-01T00:00:00Z'
// Access: read
// Parameters: user_id STRING, at STRING
// Returns: item NODE, title STRING, score FLOAT, because STRING, channels LIST<STRING>, chosen_later DATETIME
// Index: user_id (constraint), model_version (constraint), feed_name (constraint), item_popularity
// Scan: there are few models, and the cosine of every item is computed, as the vector index is approximate.
MATCH (u:User {user_id: $user_id})
WITH u, datetime($at) AS moment, ['DISLIKED'] AS unwanted  // types of behaviour that express dislike

// ---- The active model: signals and their weights (lists in the same order), without a model those of the program.
CALL (u) {
  OPTIONAL MATCH (m:Model) WHERE m.active
  WITH m ORDER BY m.trained_at DESC, m.version LIMIT 1
  WITH m, {similar_short: 0.2, similar_long: 0.2, similar_age: 0.1, similar_recent: 0.1,
           transitions_short: 0.1, transitions_long: 0.1, transitions_age: 0.1, transitions_recent: 0.1,
           interests: 0.3, embedding: 0.8, social_follows: 0.1, social_alike: 0.1, attributes: 0.1,
           popular_recent: 0.15, popular_ever: 0.1, popular_1: 0.0, popular_3: 0.0, popular_7: 0.0, popular_30: 0.0,
           popular_90: 0.0, popular_trend: 0.0, transitions_short_long: 0.0, transitions_age_long: 0.0, searches: 1.0} AS defaults
  WHERE m.signals IS NOT NULL OR m.blend IS NULL  // `interestgraph update` gives the lists to an earlier model
  RETURN m.version AS model, coalesce(m.signals, keys(defaults)) AS signals, coalesce(m.lengths, []) AS lengths,
         coalesce(m.length_weights, []) AS length_weights,
         coalesce(m.weights, [name IN keys(defaults) | defaults[name]]) AS weights
}

// ---- The user's latest events, newest first. A rating is low at or below the user's mean - 1 (with fewer than three
// ratings: at or below 2). minutes: before the latest event, null without a time.
CALL (u, moment, unwanted) {
  CALL (u, moment) {
    MATCH (u)-[b]->(i:Item)
    WHERE moment IS NULL OR b.at <= moment
    WITH b, i ORDER BY b.at IS NULL, b.at DESC, b.event_id LIMIT 120
    RETURN collect(b) AS latest, avg(CASE WHEN type(b) = 'RATED' THEN b.value END) AS mean,
           count(CASE WHEN type(b) = 'RATED' THEN b.value END) AS ratings
  }
  UNWIND range(0, size(latest) - 1) AS rank
  WITH latest[rank] AS b, rank, head(latest).at.epochMillis AS newest, unwanted,
       CASE WHEN ratings > 2 THEN mean - 1 ELSE 2.0 END AS low
  WITH b, rank, newest, type(b) IN unwanted OR (type(b) = 'RATED' AND coalesce(b.value <= low, false)) AS negative
  RETURN collect({item: endNode(b), type: type(b), rank: rank, negative: negative, millis: b.at.epochMillis,
                  minutes: (newest - b.at.epochMillis) / 60000.0}) AS events
}

// ---- Users with few events have weights of signals of their own.
WITH *, size([most IN lengths WHERE most < size(events)]) * size(signals) AS first
WITH *, CASE WHEN size(lengths) > 0 THEN length_weights[first..first + size(signals)] ELSE weights END AS weighing

// ---- Their latest items with weights under three kinds of decay, each with sum 1: by place with half-lives of 4 and 40
// items, and by age. A low rating counts half, a dislike nothing.
CALL (events, unwanted) {
  UNWIND events AS e
  WITH e.item AS item, head(collect(e)) AS e, unwanted
  WITH e, unwanted ORDER BY e.rank LIMIT 50
  WITH unwanted, collect(e) AS items
  UNWIND range(0, size(items) - 1) AS place
  WITH items[place] AS e, place, unwanted
  WITH e, place, CASE WHEN e.type IN unwanted THEN 0.0 WHEN e.negative THEN 0.5 ELSE 1.0 END AS liked
  WITH e, liked * CASE WHEN e.minutes IS NULL THEN 1.0 ELSE 2.0 ^ (-place / 4.0) END AS short,
       liked * CASE WHEN e.minutes IS NULL THEN 1.0 ELSE 2.0 ^ (-place / 40.0) END AS long,
       liked * coalesce(1.0 / (1.0 + e.minutes), 0.0) AS age
  WITH collect({item: e.item, type: e.type, short: short, long: long, age: age}) AS items,
       sum(short) AS shorts, sum(long) AS longs, sum(age) AS ages
  RETURN [r IN items WHERE r.long > 0 |
          {item: r.item, type: r.type, short: r.short / shorts, long: r.long / longs,
           age: CASE WHEN ages > 0 THEN r.age / ages ELSE 0.0 END}] AS recent
}

// ---- The user's vector: the stored one, if it is of the active model and the user has not changed since. Else it is
// computed as the program does: for each half-life the weighted mean of the items' vectors, times a matrix, summed. By
// type of behaviour the model has four numbers: weights of a liked and of a disliked event, half-lives of both in days.
// Neo4j reads every list more slowly in a statement that has read one as long as the matrices: it takes some seconds.
WITH *, moment IS NULL AND u.embedding_version = model AND u.embedded_at >= u.touched_at AS stored
CALL (model, events, stored) {
  MATCH (m:Model {version: model})
  WHERE NOT coalesce(stored, false) AND m.readout_mix IS NOT NULL
  WITH m.readout_half_lives AS half_lives, m.readout_mix AS mix, m.readout_matrices AS matrices,
       m.readout_types AS types, m.readout_relations AS relations, m.dimension AS width, model, events
  UNWIND events AS e
  WITH *, 4 * head([n IN range(0, size(types) - 1) WHERE types[n] = e.type]) AS own,
       CASE WHEN e.negative THEN 1 ELSE 0 END AS sign
  WITH *, coalesce(relations[own + sign], [1.0, -0.25][sign])
          * 2.0 ^ (-coalesce(e.minutes, 0.0) / 1440.0 / coalesce(relations[own + 2 + sign], 180.0)) AS weight,
       CASE WHEN e.item.embedding_version = model THEN e.item.embedding END AS item_vector
  UNWIND range(0, size(half_lives) - 1) AS r
  WITH r, half_lives, mix, matrices, width, item_vector,
       weight * CASE WHEN e.minutes IS NULL THEN 1.0 ELSE 2.0 ^ (-e.rank / half_lives[r]) END AS weight
  WITH r, mix, matrices, width, sum(abs(weight)) AS total,
       [p IN collect([weight, item_vector]) WHERE p[1] IS NOT NULL] AS parts
  WHERE total > 0 AND size(parts) > 0
  // UNWIND and collect() compute each number once, a list comprehension whenever it is read.
  UNWIND range(0, width - 1) AS d
  WITH r, mix, matrices, width, d, reduce(s = 0.0, p IN parts | s + p[0] * p[1][d]) / total AS cell
  WITH r, mix, matrices, width, collect(cell) AS mean
  UNWIND range(0, width - 1) AS d
  WITH d, sum(mix[r] * reduce(s = 0.0, c IN range(0, width - 1) |
                              s + matrices[(r * width + d) * width + c] * mean[c])) AS cell
  ORDER BY d
  RETURN collect(cell) AS read
}
WITH *, coalesce(CASE WHEN any(x IN read WHERE x <> 0) THEN read END,
                 CASE WHEN moment IS NULL AND u.embedding_version = model THEN u.embedding END) AS vector

// ---- The logarithms of what one event of now counts as popularity, by half-life. The graph's clock says what now is, and the user's
// latest event may move it by `pace` days.
CALL (events) {
  OPTIONAL MATCH (f:Feed {name: 'changes'})
  WITH f, head(events).millis / 86400000.0 AS day
  WITH f, day, CASE WHEN day > f.paused_after + f.pause THEN day - f.pause
                    WHEN day > f.paused_after THEN f.paused_after
                    ELSE day END AS moved
  WITH f, CASE WHEN f.clock IS NULL THEN coalesce(day, f.latest.epochMillis / 86400000.0)
               WHEN moved > f.clock + f.pace THEN f.clock + f.pace
               WHEN moved > f.clock THEN moved
               ELSE f.clock END AS now
  RETURN [days IN [coalesce(f.popularity_half_life, 14.0)] + coalesce(f.popularity_windows, []) |
          coalesce(now * log(2) / days, 0.0)] AS nows
}

// ---- What is not recommended: what the user has had, and what is mainly about an interest that the user deleted.
CALL (u, moment) {
  CALL (u, moment) {
    MATCH (u)-[b]->(i:Item) WHERE moment IS NULL OR b.at <= moment
    RETURN i
  UNION
    MATCH (u)-[c:CORRECTED {how: 'delete'}]->(:Interest)<-[a:ABOUT]-(i:Item)
    WHERE moment IS NULL OR c.at <= moment
    CALL (i) {
      MATCH (i)-[other:ABOUT]->(:Interest)
      RETURN max(other.weight) AS largest
    }
    WITH i, a, largest WHERE a.weight >= 0.5 * largest
    RETURN i
  }
  RETURN collect(i) AS excluded
}

// ---- Candidates: the 100 best of each channel, with the channel's signals and its strongest reason. Another channel is
// one more part of this UNION, and its signals, named after the channel, in `signals` and `weights` of the model.
CALL (u, model, moment, unwanted, events, recent, vector, excluded) {
  // similar: similar to recent items
  UNWIND recent AS r
  WITH r, r.item AS source, excluded
  MATCH (source)-[s:SIMILAR_TO]->(i:Item)
  WHERE NOT i IN excluded
  WITH i, r, coalesce(s.score, 0.0) AS score, coalesce(s.recent_score, 0.0) AS lately
  WITH i, r, score, lately, (r.short + r.long + r.age) * score + r.long * lately AS given
  ORDER BY given DESC
  WITH i, sum(given) AS total, sum(r.short * score) AS short, sum(r.long * score) AS long, sum(r.age * score) AS age,
       sum(r.long * lately) AS recently, head(collect(r)) AS best
  WHERE total > 0
  ORDER BY total DESC, i.item_id LIMIT 100
  RETURN i, 'similar' AS channel,
         {similar_short: short, similar_long: long, similar_age: age, similar_recent: recently} AS found,
         toLower(best.type) + ' ' + coalesce(best.item.title, best.item.item_id) + ', which is similar' AS reason
UNION ALL
  // transitions: often chosen after these
  UNWIND recent AS r
  WITH r, r.item AS source, excluded
  MATCH (source)-[s:FOLLOWED_BY]->(i:Item)
  WHERE NOT i IN excluded
  WITH i, r, coalesce(s.score, 0.0) AS score, coalesce(s.recent_score, 0.0) AS lately
  WITH i, r, score, lately, (r.short + r.long + r.age) * score + r.long * lately AS given
  ORDER BY given DESC
  WITH i, sum(given) AS total, sum(r.short * score) AS short, sum(r.long * score) AS long, sum(r.age * score) AS age,
       sum(r.long * lately) AS recently, head(collect(r)) AS best
  WHERE total > 0
  ORDER BY total DESC, i.item_id LIMIT 100
  RETURN i, 'transitions' AS channel,
         {transitions_short: short, transitions_long: long, transitions_age: age, transitions_recent: recently,
          transitions_short_long: short - long, transitions_age_long: age - long} AS found,
         toLower(best.type) + ' ' + coalesce(best.item.title, best.item.item_id)
         + ', after which others go on to this' AS reason
UNION ALL
  // interests: about the strongest interests of the user, disliked ones count against an item
  CALL (u, moment) {
    MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
    WHERE (moment IS NULL AND r.valid_to IS NULL)
       OR (moment IS NOT NULL AND coalesce(r.valid_from <= moment, true) AND coalesce(moment < r.valid_to, true))
    WITH n, sum(CASE r.polarity WHEN 'dislikes' THEN -r.weight ELSE r.weight END) AS weight
    ORDER BY abs(weight) DESC, n.name LIMIT 20
    RETURN n, weight
  }
  MATCH (n)<-[a:ABOUT]-(i:Item)
  WHERE NOT i IN excluded
  WITH i, n, weight * a.weight AS given ORDER BY given DESC, n.name
  WITH i, sum(given) AS total, head(collect(coalesce(n.label, n.name))) AS best
  WHERE total > 0
  ORDER BY total DESC, coalesce(i.popularity, -1.0e300) DESC, i.item_id LIMIT 100
  RETURN i, 'interests' AS channel, {interests: total} AS found, 'interested in ' + best AS reason
UNION ALL
  // social: among the latest items that followed and similar users liked
  CALL (u, moment) {
    MATCH (u)-[f:FOLLOWS]->(v:User)
    WHERE moment IS NULL OR f.at <= moment
    WITH v, f ORDER BY coalesce(f.at, datetime({epochMillis: 0})) DESC, v.user_id LIMIT 20
    RETURN v, 1.0 AS follows, 0.0 AS alike
  UNION ALL
    MATCH (u)-[s:SIMILAR_TO]->(v:User)
    WITH v, s ORDER BY s.score DESC, v.user_id LIMIT 20
    RETURN v, 0.0 AS follows, s.score AS alike
  }
  CALL (v, moment, unwanted) {
    CALL (v, moment) {
      MATCH (v)-[b]->(i:Item)
      WHERE moment IS NULL OR b.at <= moment
      WITH b ORDER BY coalesce(b.at, datetime({epochMillis: 0})) DESC, b.event_id LIMIT 50
      RETURN collect(b) AS latest, avg(CASE WHEN type(b) = 'RATED' THEN b.value END) AS mean,
             count(CASE WHEN type(b) = 'RATED' THEN b.value END) AS ratings
    }
    UNWIND latest AS b
    WITH b, CASE WHEN ratings > 2 THEN mean - 1 ELSE 2.0 END AS low, unwanted, coalesce(v.texts_against, []) AS against
    WITH endNode(b) AS i, b, type(b) IN unwanted OR (type(b) = 'RATED' AND coalesce(b.value <= low, false))
                             OR b.event_id IN against AS bad
    WITH i, head(collect(toLower(type(b)))) AS did, collect(bad) AS bad
    WHERE NOT true IN bad
    RETURN i, did
  }
  WITH i, v, follows, alike, did WHERE NOT i IN excluded
  WITH i, v, follows, alike, did ORDER BY follows + alike DESC, v.user_id
  WITH i, sum(follows) AS follows, sum(alike) AS alike,
       head(collect(CASE WHEN follows > 0 THEN 'follows ' ELSE 'is like ' END + v.user_id + ', who ' + did + ' this'))
         AS best
  WHERE follows + alike > 0
  ORDER BY follows + alike DESC, coalesce(i.popularity, -1.0e300) DESC, i.item_id LIMIT 100
  RETURN i, 'social' AS channel, {social_follows: follows, social_alike: alike} AS found, best AS reason
UNION ALL
  // attributes: favoured by users with the same attributes
  CALL (u) {
    MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
    WITH a ORDER BY a.kind, a.value LIMIT 20
    RETURN a
  }
  MATCH (a)-[f:FAVOURS]->(i:Item)
  WHERE NOT i IN excluded
  WITH i, a, f ORDER BY f.score DESC, a.kind, a.value
  WITH i, sum(f.score) AS total, head(collect(a.kind + ' ' + a.value)) AS best
  WHERE total > 0
  ORDER BY total DESC, i.item_id LIMIT 100
  RETURN i, 'attributes' AS channel, {attributes: total} AS found, 'favoured by users with ' + best AS reason
UNION ALL
  // embedding: nearest to the user's vector (vector.similarity.cosine is (1 + cosine) / 2)
  MATCH (i:Item)
  WHERE vector IS NOT NULL AND i.embedding_version = model AND NOT i IN excluded
  WITH i, 2 * vector.similarity.cosine(vector, i.embedding) - 1 AS cosine
  WHERE cosine > 0
  ORDER BY cosine DESC, i.item_id LIMIT 100
  RETURN i, 'embedding' AS channel, {} AS found, null AS reason
UNION ALL
  // popular: chosen most of late, ever, or these days
  CALL (excluded) {
    MATCH (i:Item) WHERE i.popularity > -1.0e300 AND NOT i IN excluded
    WITH i ORDER BY i.popularity DESC, i.item_id LIMIT 100
    RETURN i
  UNION
    MATCH (i:Item) WHERE i.popularity > -1.0e300 AND NOT i IN excluded
    WITH i ORDER BY i.ever_popular DESC, i.item_id LIMIT 100
    RETURN i
  UNION
    MATCH (i:Item) WHERE i.popularity > -1.0e300 AND i.popularity_windows[1] IS NOT NULL AND NOT i IN excluded
    WITH i ORDER BY i.popularity_windows[1] DESC, i.item_id LIMIT 100
    RETURN i
  }
  RETURN i, 'popular' AS channel, {} AS found, null AS reason
UNION ALL
  // searches: found by the latest searches, an older one counts less (half-lives of 4 searches and 14 days)
  CALL (u, moment) {
    MATCH (u)-[s]->(q:Query)
    WHERE moment IS NULL OR s.at <= moment
    WITH q, max(s.at) AS at ORDER BY at IS NULL, at DESC, q.text LIMIT 20
    RETURN collect([q, at.epochMillis]) AS searched
  }
  WITH *, reduce(top = head(events).millis, s IN searched | CASE WHEN s[1] > top OR top IS NULL THEN s[1] ELSE top END)
          AS latest
  UNWIND range(0, size(searched) - 1) AS place
  WITH searched[place][0] AS q, excluded,
       2.0 ^ (-place / 4.0 - coalesce((latest - searched[place][1]) / 86400000.0, 0.0) / 14) AS weight
  MATCH (q)-[f:FINDS]->(i:Item)
  WHERE NOT i IN excluded
  WITH i, q, weight * f.score AS given ORDER BY given DESC, q.text
  WITH i, sum(given) AS total, head(collect(q.text)) AS best
  ORDER BY total DESC, i.item_id LIMIT 100
  RETURN i, 'searches' AS channel, {searches: total} AS found, 'searched for ' + best AS reason
UNION ALL
  // about an interest that the user pinned
  MATCH (u)-[c:CORRECTED {how: 'pin'}]->(n:Interest)
  WHERE moment IS NULL OR c.at <= moment
  CALL (n, excluded) {
    MATCH (n)<-[a:ABOUT]-(i:Item)
    WHERE NOT i IN excluded
    CALL (i) {
      MATCH (i)-[other:ABOUT]->(:Interest)
      RETURN max(other.weight) AS largest
    }
    WITH i, a.weight / largest AS share
    WHERE share > 0
    ORDER BY share DESC, coalesce(i.popularity, -1.0e300) DESC, i.item_id LIMIT 100
    RETURN i
  }
  RETURN i, 'pinned' AS channel, {} AS found, null AS reason
}

// ---- The values of all signals of each candidate. Those of embedding and popular are computed for every candidate.
WITH u, moment, model, signals, weighing, vector, nows, i,
     collect(CASE WHEN reason IS NOT NULL THEN [channel, reason] END) AS reasons, collect(found) AS found
WITH *, coalesce(CASE WHEN i.embedding_version = model THEN 2 * vector.similarity.cosine(vector, i.embedding) - 1 END,
                 0.0) AS cosine
WITH *, [coalesce(i.popularity, -1.0e300)] + coalesce(i.popularity_windows, []) AS popular
WITH *, [n IN range(0, 5) | popular[n] - nows[n]] AS popular
WITH *, [n IN range(0, 5) | CASE WHEN popular[n] > 30 THEN popular[n] ELSE coalesce(log(1 + exp(popular[n])), 0.0) END] AS popular,
     coalesce(log(1 + exp(i.ever_popular)), 0.0) AS ever
WITH *, found + {embedding: cosine, popular_recent: popular[0], popular_1: popular[1], popular_3: popular[2],
                 popular_7: popular[3], popular_30: popular[4], popular_90: popular[5],
                 popular_ever: ever, popular_trend: popular[0] - ever} AS found,
     reasons + [['embedding', 'the vectors of user and item are near (cosine ' + toString(round(cosine, 2)) + ')'],
                ['popular', 'chosen by many']] AS reasons
CALL (u, moment, i) {  // by how many deviations of the scores the user's corrections move the item
  OPTIONAL MATCH (u)-[c:CORRECTED]->(:Interest)<-[a:ABOUT]-(i)
  WHERE moment IS NULL OR c.at <= moment
  OPTIONAL MATCH (i)-[other:ABOUT]->(:Interest)
  WITH c, a, max(other.weight) AS largest
  RETURN coalesce(sum(CASE c.how WHEN 'pin' THEN 1 ELSE -1 END * a.weight / largest), 0.0) AS moved
}
WITH u, moment, signals, weighing AS weights,
     collect({item: i, reasons: reasons, moved: moved,
              values: [name IN signals | reduce(s = 0.0, values IN found | s + coalesce(values[name], 0.0))]})
       AS candidates

// ---- Standard scores over the candidates, weighted. The deviation of searches is .2, whatever the candidates are.
CALL (signals, weights, candidates) {
  UNWIND range(0, size(signals) - 1) AS n
  UNWIND candidates AS c
  WITH n, signals, weights, avg(c.values[n]) AS mean, stDevP(c.values[n]) AS deviation
  ORDER BY n
  RETURN collect(mean) AS means, collect(CASE WHEN deviation <= 1.0e-9 THEN 0.0 WHEN signals[n] = 'searches' THEN weights[n] / 0.2
                      ELSE weights[n] / deviation END) AS factors
}
CALL (signals, candidates, means, factors) {
  UNWIND candidates AS c
  WITH c, [n IN range(0, size(signals) - 1) | (c.values[n] - means[n]) * factors[n]] AS parts, signals
  WITH c, parts, reduce(s = 0.0, part IN parts | s + part) AS score
  WITH collect([c, parts, score]) AS scored, stDevP(score) AS deviation
  UNWIND scored AS row
  RETURN row[0] AS c, row[1] AS parts, row[2] + deviation * row[0].moved AS score
}
WITH u, moment, signals, c.item AS i, c.reasons AS reasons, parts, round(score, 9) AS score
WHERE moment IS NULL  // with a time: published or chosen by somebody until then
   OR i.published_at <= moment
   OR EXISTS { MATCH (i)<-[b]-(:User) WHERE b.at <= moment }
   OR (i.published_at IS NULL AND NOT EXISTS { MATCH (i)<-[b]-(:User) WHERE b.at IS NOT NULL })
WITH u, moment, signals, i, reasons, parts, score
ORDER BY score DESC, i.item_id LIMIT 10

// ---- For the ten best: each channel's share of what speaks for the item, and the reason of the largest. The vectors,
// which sum up the rest, are a reason where no other channel speaks for it.
CALL (signals, parts, reasons) {
  UNWIND range(0, size(signals) - 1) AS n
  WITH split(signals[n], '_')[0] AS channel, sum(parts[n]) AS part, reasons
  WITH channel, part, head([r IN reasons WHERE r[0] = channel | r[1]]) AS reason
  ORDER BY part DESC, channel
  WITH collect([channel, part, reason]) AS given, sum(CASE WHEN part > 0 THEN part ELSE 0.0 END) AS total
  WITH [g IN given WHERE g[1] > 0] AS given, total
  RETURN [g IN given | g[0] + ' ' + toString(toInteger(round(100 * g[1] / total))) + ' %'] AS channels,
         coalesce(head([g IN given WHERE g[0] <> 'embedding' AND g[2] IS NOT NULL | g[2]]),
                  head([g IN given WHERE g[2] IS NOT NULL | g[2]]), 'nothing speaks against it') AS because
}
CALL (u, moment, i) {
  OPTIONAL MATCH (u)-[later]->(i) WHERE later.at > moment
  RETURN min(later.at) AS chosen_later
}
RETURN i AS item, i.title AS title, score, because, channels, chosen_later
ORDER BY score DESC, i.item_id
