// A planted graph. 40 users u0, u1, … and 60 items i0, i1, …; user n rates the items n to n + 9 on ten days in a
// row, ann (who stands out) rates i0 and i1 and follows bob, bob bought i2, and i2 is what ann should be shown:
// it is similar to i0, follows i1, is about noir, which ann likes, and is favoured by her age group.
UNWIND range(0, 59) AS n
CREATE (i:Item {item_id: 'i' + n, title: 'Film ' + n, kind: 'film', described: true, touched_at: datetime('2026-01-01'),
        content_hash: 'x', popularity: toFloat(n), embedding: [1.0, n / 100.0], embedding_version: 'm1',
        embedded_at: datetime('2026-01-02')})
WITH collect(i) AS items
UNWIND range(0, 39) AS n
CREATE (u:User {user_id: 'u' + n, touched_at: datetime('2026-01-01'), embedding: [1.0, n / 100.0],
        embedding_version: 'm1', embedded_at: datetime('2026-01-02')})
FOREACH (step IN range(0, 9) |
  FOREACH (i IN [items[(n + step) % size(items)]] |
    CREATE (u)-[:RATED {event_id: 'e' + n + '-' + step, value: 4.0, at: datetime('2026-02-01') + duration({days: step})}]->(i)))
WITH items, collect(u) AS users
CREATE (ann:User {user_id: 'ann', touched_at: datetime('2026-01-03'), embedding: [1.0, 0.0], embedding_version: 'm1',
        embedded_at: datetime('2026-01-02')}),
       (bob:User {user_id: 'bob', touched_at: datetime('2026-01-01')}),
       (idle:User {user_id: 'idle', touched_at: datetime('2026-01-01')}),
       (noir:Interest {name: 'noir', label: 'Noir', users: 1, origin: 'attribute'}),
       (crime:Interest {name: 'crime', label: 'Crime', users: 0, origin: 'phrase'}),
       (musical:Interest {name: 'musical', label: 'Musical', users: 1, origin: 'phrase'}),
       (age:Attribute {kind: 'age group', value: '25-34'}),
       (:Item {item_id: 'unknown', described: false}),
       (:Model {version: 'm1', family: 'planted', active: true, dimension: 2, trained_at: datetime('2026-01-02')}),
       (:Run {run_id: 'collect-1', stage: 'collect', started_at: datetime('2026-01-01'), ended_at: datetime('2026-01-01')})
WITH ann, bob, noir, crime, musical, age, items[0] AS i0, items[1] AS i1, items[2] AS i2
CREATE (ann)-[:RATED {event_id: 'a0', value: 5.0, at: datetime('2026-02-09')}]->(i0),
       (ann)-[:RATED {event_id: 'a1', value: 4.0, at: datetime('2026-02-14')}]->(i1),
       (bob)-[:RATED {event_id: 'b0', value: 5.0, at: datetime('2026-02-03')}]->(i0),
       (bob)-[:PURCHASED {event_id: 'b2', at: datetime('2026-02-13')}]->(i2),
       (ann)-[:FOLLOWS]->(bob),
       (ann)-[:SIMILAR_TO {score: 0.8}]->(bob),
       (ann)-[:HAS_ATTRIBUTE]->(age), (age)-[:FAVOURS {score: 0.3}]->(i2),
       (i0)-[:SIMILAR_TO {score: 0.7}]->(i2), (i1)-[:FOLLOWED_BY {score: 2.0}]->(i2),
       (i0)-[:ABOUT {weight: 0.9}]->(noir), (i2)-[:ABOUT {weight: 0.5}]->(noir), (i1)-[:ABOUT {weight: 0.4}]->(musical),
       (noir)-[:BROADER {score: 0.9}]->(crime),
       (ann)-[:INTERESTED_IN {weight: 0.9, polarity: 'likes', horizon: 'long', evidence: ['a0', 'a1'],
              valid_from: datetime('2026-02-09')}]->(noir),
       (bob)-[:INTERESTED_IN {weight: 0.6, polarity: 'likes', horizon: 'short', evidence: ['b0'],
              valid_from: datetime('2026-02-03')}]->(noir),
       (ann)-[:INTERESTED_IN {weight: 0.2, polarity: 'dislikes', horizon: 'long', evidence: ['a1'],
              valid_from: datetime('2026-01-01')}]->(musical),
       (bob)-[:INTERESTED_IN {weight: 0.1, polarity: 'likes', horizon: 'long', evidence: [],
              valid_from: datetime('2026-01-01'), valid_to: datetime('2026-02-12')}]->(musical)
