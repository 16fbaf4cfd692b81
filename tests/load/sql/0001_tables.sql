-- What the bench's subscribers do: a row for each event, in the transaction that moves their position.
CREATE TABLE bench.applied (
    subscriber text   NOT NULL,
    shard      int    NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (subscriber, shard, position)
);
CREATE TABLE bench.position (
    shard    integer PRIMARY KEY,
    epoch    integer NOT NULL,
    position bigint  NOT NULL,
    event_id uuid
) WITH (fillfactor = 50);
GRANT INSERT ON bench.applied TO pushward_bench;
GRANT INSERT, UPDATE ON bench.position TO pushward_bench;
