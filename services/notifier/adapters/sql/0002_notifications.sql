-- Pushes that notifications ask for, for a time of their own; and what becomes of pushes that end unsent: challenge is told.
DROP FUNCTION IF EXISTS notifier.take_due;  -- it answers with more columns now

ALTER TABLE notifier.push ADD COLUMN notification_sid text NOT NULL DEFAULT '';  -- empty: the first push of a challenge
ALTER TABLE notifier.push ADD COLUMN requested_at timestamptz;
ALTER TABLE notifier.push ADD COLUMN ttl_seconds integer;  -- from requested_at on; null: while the challenge is pending
ALTER TABLE notifier.push ADD COLUMN tell_at timestamptz;  -- ended unsent, and challenge is yet to be told; a lease, as due_at
UPDATE notifier.push SET requested_at = created_at;
ALTER TABLE notifier.push ALTER COLUMN requested_at SET NOT NULL;

CREATE INDEX push_untold ON notifier.push (tell_at) WHERE tell_at IS NOT NULL;

ALTER TYPE notifier.requested ADD ATTRIBUTE requested_at timestamptz;
ALTER TYPE notifier.requested ADD ATTRIBUTE notification_sid text;
ALTER TYPE notifier.requested ADD ATTRIBUTE ttl_seconds integer;
ALTER TYPE notifier.result ADD ATTRIBUTE unsent boolean;

-- A push, by its idempotency key: what notifier.record_told takes.
CREATE TYPE notifier.push_key AS (
    epoch    integer,
    shard    integer,
    position bigint
);
