-- registry.append(appends, expected, events, rows and their events of each table, revision): log.append and the state.
--
-- For each table: its rows as `evolve` made them, and for each row the event (its index in `events` from 1) that changed
-- it last. Rows of refused appends, and of appends that had been stored before, are not written. A table without rows in
-- the batch costs nothing. Raises PW001 for a caller that was written for another revision of the state tables.
CREATE OR REPLACE FUNCTION registry.append(
    appends             log.append_header[],
    expected            log.expected_version[],
    events              log.new_event[],
    accounts            registry.account_row[],
    account_events      integer[],
    api_keys            registry.api_key_row[],
    api_key_events      integer[],
    services            registry.service_row[],
    service_events      integer[],
    entities            registry.entity_row[],
    entity_events       integer[],
    factors             registry.factor_row[],
    factor_events       integer[],
    access_tokens       registry.access_token_row[],
    access_token_events integer[],
    revision            integer,
    OUT fates           smallint[],
    OUT positions       bigint[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome log.append_outcome;
BEGIN
    IF revision <> 2 THEN
        RAISE EXCEPTION 'the state tables are of revision 2, the caller of %', revision USING ERRCODE = 'PW001';
    END IF;

    outcome := log.append(appends, expected, events, 1::smallint, 39::smallint);

    IF cardinality(accounts) > 0 THEN
        INSERT INTO registry.account AS t (
               shard, position, stream_id, version, sid, friendly_name, key_id, auth_token, auth_token_digest,
               disabled, date_created, date_updated, secondary_auth_token, secondary_auth_token_digest)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.sid, r.friendly_name, r.key_id,
               r.auth_token, r.auth_token_digest, r.disabled, r.date_created, r.date_updated,
               r.secondary_auth_token, r.secondary_auth_token_digest
          FROM unnest(accounts, account_events) AS r(
               shard, position, stream_id, version, sid, friendly_name, key_id, auth_token, auth_token_digest,
               disabled, date_created, date_updated, secondary_auth_token, secondary_auth_token_digest, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (sid) DO UPDATE
           SET (position, version, friendly_name, auth_token, auth_token_digest, disabled, date_updated,
                secondary_auth_token, secondary_auth_token_digest)
             = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.friendly_name, EXCLUDED.auth_token,
                EXCLUDED.auth_token_digest, EXCLUDED.disabled, EXCLUDED.date_updated,
                EXCLUDED.secondary_auth_token, EXCLUDED.secondary_auth_token_digest);
    END IF;

    IF cardinality(api_keys) > 0 THEN
        INSERT INTO registry.api_key AS t (
               shard, position, stream_id, version, sid, account_sid, friendly_name, secret_digest, revoked,
               date_created, date_updated)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.sid, r.account_sid,
               r.friendly_name, r.secret_digest, r.revoked, r.date_created, r.date_updated
          FROM unnest(api_keys, api_key_events) AS r(
               shard, position, stream_id, version, sid, account_sid, friendly_name, secret_digest, revoked,
               date_created, date_updated, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (sid) DO UPDATE
           SET (position, version, friendly_name, revoked, date_updated)
             = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.friendly_name, EXCLUDED.revoked,
                EXCLUDED.date_updated);
    END IF;

    IF cardinality(services) > 0 THEN
        INSERT INTO registry.service AS t (
               shard, position, stream_id, version, sid, account_sid, friendly_name, settings, deleted,
               date_created, date_updated)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.sid, r.account_sid,
               r.friendly_name, r.settings, r.deleted, r.date_created, r.date_updated
          FROM unnest(services, service_events) AS r(
               shard, position, stream_id, version, sid, account_sid, friendly_name, settings, deleted,
               date_created, date_updated, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (sid) DO UPDATE
           SET (position, version, friendly_name, settings, deleted, date_updated)
             = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.friendly_name, EXCLUDED.settings,
                EXCLUDED.deleted, EXCLUDED.date_updated);
    END IF;

    IF cardinality(entities) > 0 THEN
        INSERT INTO registry.entity AS t (
               shard, position, stream_id, version, account_sid, service_sid, identity, sid, key_id,
               date_created, deletions, creation_day, creations_on_day, recorded_at)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.account_sid, r.service_sid,
               r.identity, r.sid, r.key_id, r.date_created, r.deletions, r.creation_day,
               r.creations_on_day, r.recorded_at
          FROM unnest(entities, entity_events) AS r(
               shard, position, stream_id, version, account_sid, service_sid, identity, sid, key_id,
               date_created, deletions, creation_day, creations_on_day, recorded_at, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (stream_id) DO UPDATE
           SET (position, version, sid, key_id, date_created, deletions, creation_day, creations_on_day, recorded_at)
             = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.sid, EXCLUDED.key_id, EXCLUDED.date_created,
                EXCLUDED.deletions, EXCLUDED.creation_day, EXCLUDED.creations_on_day, EXCLUDED.recorded_at);
    END IF;

    IF cardinality(factors) > 0 THEN
        INSERT INTO registry.factor AS t (
               shard, position, stream_id, version, sid, account_sid, service_sid, entity_sid, identity,
               factor_type, status, friendly_name, public_key, app_id, sdk_version, notification_platform,
               notification_token, metadata, deleted, date_created, date_updated, totp_secret, totp_secret_digest,
               totp_config, totp_failures, totp_spent_until, totp_attempt_id)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.sid, r.account_sid, r.service_sid,
               r.entity_sid, r.identity, r.factor_type, r.status, r.friendly_name, r.public_key, r.app_id,
               r.sdk_version, r.notification_platform, r.notification_token, r.metadata, r.deleted,
               r.date_created, r.date_updated, r.totp_secret, r.totp_secret_digest, r.totp_config,
               r.totp_failures, r.totp_spent_until, r.totp_attempt_id
          FROM unnest(factors, factor_events) AS r(
               shard, position, stream_id, version, sid, account_sid, service_sid, entity_sid, identity,
               factor_type, status, friendly_name, public_key, app_id, sdk_version, notification_platform,
               notification_token, metadata, deleted, date_created, date_updated, totp_secret, totp_secret_digest,
               totp_config, totp_failures, totp_spent_until, totp_attempt_id, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (sid) DO UPDATE
           SET (position, version, status, friendly_name, app_id, sdk_version, notification_platform,
                notification_token, metadata, deleted, date_updated, totp_secret, totp_secret_digest, totp_config,
                totp_failures, totp_spent_until, totp_attempt_id)
             = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.status, EXCLUDED.friendly_name, EXCLUDED.app_id,
                EXCLUDED.sdk_version, EXCLUDED.notification_platform, EXCLUDED.notification_token,
                EXCLUDED.metadata, EXCLUDED.deleted, EXCLUDED.date_updated, EXCLUDED.totp_secret,
                EXCLUDED.totp_secret_digest, EXCLUDED.totp_config, EXCLUDED.totp_failures,
                EXCLUDED.totp_spent_until, EXCLUDED.totp_attempt_id);
    END IF;

    IF cardinality(access_tokens) > 0 THEN
        INSERT INTO registry.access_token AS t (
               shard, position, stream_id, version, sid, account_sid, service_sid, identity, factor_type,
               factor_friendly_name, token_digest, ttl_seconds, expires_at, entity_deletions, factor_sid, date_created,
               date_updated)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.sid, r.account_sid, r.service_sid,
               r.identity, r.factor_type, r.factor_friendly_name, r.token_digest, r.ttl_seconds, r.expires_at,
               r.entity_deletions, r.factor_sid, r.date_created, r.date_updated
          FROM unnest(access_tokens, access_token_events) AS r(
               shard, position, stream_id, version, sid, account_sid, service_sid, identity, factor_type,
               factor_friendly_name, token_digest, ttl_seconds, expires_at, entity_deletions, factor_sid, date_created,
               date_updated, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (sid) DO UPDATE
           SET (position, version, factor_sid, date_updated)
             = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.factor_sid, EXCLUDED.date_updated);
    END IF;

    fates := outcome.fates;
    positions := outcome.positions;
END
$$;
