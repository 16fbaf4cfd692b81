-- Figures by window: of a factor (its SID, on its own shard) and of a service (its SID, a row on each shard, merged when
-- read). Nothing here is a fact: a recount of the log comes to the same, and corrects what doesn't.
--
-- Each row is counted up to its position, of its epoch: a writer that hasn't come as far changes nothing.
CREATE TABLE insights.figures (
    sid                    text        NOT NULL,
    window_start           timestamptz NOT NULL,
    shard                  integer     NOT NULL,
    service_sid            text        NOT NULL,
    epoch                  integer     NOT NULL,
    position               bigint      NOT NULL CHECK (position > 0),
    created                bigint      NOT NULL,
    approved               bigint      NOT NULL,
    denied                 bigint      NOT NULL,
    expired                bigint      NOT NULL,
    answered               bigint      NOT NULL,
    time_to_answer_ms_sum  bigint      NOT NULL,
    time_to_answer_ms_max  bigint      NOT NULL,
    suspected_push_bombing bigint      NOT NULL,
    stored_at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (sid, window_start, shard)
) WITH (fillfactor = 80);

CREATE INDEX figures_of_shard ON insights.figures (shard, window_start);

-- Up to which window each shard was recounted: where the next recount goes on.
CREATE TABLE insights.recounted (
    shard   integer     PRIMARY KEY,
    epoch   integer     NOT NULL,
    through timestamptz NOT NULL
);

-- Who counts ('live'), and who recounts ('recount'): one process each. The term grows with every new owner.
CREATE TABLE insights.lease (
    name       text        PRIMARY KEY,
    owner      uuid        NOT NULL,
    term       bigint      NOT NULL,
    expires_at timestamptz NOT NULL
);

-- A row as its writer has it: what insights.store and insights.repair take.
CREATE TYPE insights.counted AS (
    sid                    text,
    window_start           timestamptz,
    shard                  integer,
    service_sid            text,
    position               bigint,
    created                bigint,
    approved               bigint,
    denied                 bigint,
    expired                bigint,
    answered               bigint,
    time_to_answer_ms_sum  bigint,
    time_to_answer_ms_max  bigint,
    suspected_push_bombing bigint
);

GRANT INSERT, UPDATE, DELETE ON insights.figures, insights.recounted, insights.lease TO pushward_insights;
