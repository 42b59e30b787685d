-- Makes `events` the first partition of a partitioned table of the same name. No row moves, and no index is built: the
-- indexes of the table become partitions of the indexes of the new table.
DO $$
DECLARE
  upper_bound text := (
    SELECT substring(pg_get_constraintdef(oid) FROM '''([0-9a-f-]{36})''')
    FROM pg_constraint WHERE conrelid = 'events'::regclass AND conname = 'events_in_first_partition');
  indexes text[] := ARRAY(
    SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'events'::regclass AND NOT indisprimary);
  grants text[] := ARRAY(
    SELECT format('GRANT %s ON events TO %s', privilege_type,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
    FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = 'events'::regclass AND grantee <> relowner);
  each text;
BEGIN
  ALTER TABLE events RENAME TO events_first;
  FOR each IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'events_first'::regclass LOOP
    EXECUTE format('ALTER INDEX %s RENAME TO %I', each, regexp_replace(each, '^(.*\.)?events_', 'events_first_'));
  END LOOP;

  CREATE TABLE events (LIKE events_first INCLUDING DEFAULTS) PARTITION BY RANGE (id);
  ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id);
  FOREACH each IN ARRAY indexes || grants LOOP
    EXECUTE each;
  END LOOP;
  CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change();

  EXECUTE format('ALTER TABLE events ATTACH PARTITION events_first FOR VALUES FROM (MINVALUE) TO (%L)', upper_bound);
  ALTER TABLE events_first DROP CONSTRAINT events_in_first_partition;
END
$$;

-- A row whose month has no partition is in this one, so that no row is ever refused.
CREATE TABLE "events_default" PARTITION OF "events" DEFAULT;

-- The functions below belong to the owner of the tables. The service may have no right to create or drop tables. It calls
-- two of them, which run with the rights of the owner and can do nothing but this. They wait for a lock for a second at
-- most, because statements of the service queue behind them; the worker calls them again later.

-- Gives a new partition what its table has: the triggers and the grants.
CREATE FUNCTION "furnish_partition"(parent regclass, partition regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  each text;
BEGIN
  FOR each IN
    SELECT format('GRANT %s ON %s TO %s', privilege_type, partition,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
    FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = parent AND grantee <> relowner
    UNION ALL
    SELECT regexp_replace(pg_get_triggerdef(oid), ' ON \S+ ', format(' ON %s ', partition))
    FROM pg_trigger WHERE tgrelid = parent AND NOT tgisinternal
  LOOP
    EXECUTE each;
  END LOOP;
END
$$;
SELECT furnish_partition('events', 'events_default');

-- The partitions of a table, without the default one. The ids in a partition are below `upper`.
CREATE FUNCTION "partitions_of"(parent regclass) RETURNS TABLE (partition regclass, upper uuid) LANGUAGE sql STABLE AS $$
  SELECT c.oid::regclass, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([0-9a-f-]{36})''\)')::uuid
  FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
  WHERE inhparent = parent AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
$$;

-- Creates partitions, so that there is one for this month and for each of the next three. A month with rows in the default
-- partition gets none: its rows stay where they are. Returns how many partitions were created.
CREATE FUNCTION "add_event_partitions"() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
  first_id uuid := (SELECT upper FROM partitions_of('events') ORDER BY upper DESC LIMIT 1);
  horizon uuid := first_id_at((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '4 months') AT TIME ZONE 'UTC');
  next_id uuid;
  month timestamp;
  name text;
  created int := 0;
BEGIN
  WHILE first_id < horizon LOOP
    month := to_timestamp(('x' || left(replace(first_id::text, '-', ''), 12))::bit(48)::bigint / 1000) AT TIME ZONE 'UTC';
    next_id := first_id_at((month + interval '1 month') AT TIME ZONE 'UTC');
    name := 'events_' || to_char(month, 'YYYY_MM');
    BEGIN
      EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
      PERFORM furnish_partition('events', name::regclass);
      EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first_id, next_id);
      created := created + 1;
    EXCEPTION WHEN check_violation THEN NULL; -- the default partition has rows of this month
    END;
    first_id := next_id;
  END LOOP;
  RETURN created;
END
$$;

-- Drops the partition of a past month in which every event is older than `before`. Returns false if there is none.
CREATE FUNCTION "drop_event_partition"(before timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
  each regclass;
  has_newer boolean;
BEGIN
  IF current_setting('latchkey.retention', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION 'events is append-only: DROP refused' USING ERRCODE = 'restrict_violation';
  END IF;
  FOR each IN SELECT partition FROM partitions_of('events') WHERE upper <= first_id_at(least(before, now())) ORDER BY upper LOOP
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', each);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE at >= %L)', each, before) INTO has_newer;
    CONTINUE WHEN has_newer;
    EXECUTE format('DROP TABLE %s', each);
    RETURN true;
  END LOOP;
  RETURN false;
END
$$;

-- A temporary table or function of the caller must not stand for one of these.
DO $$
DECLARE
  each regprocedure;
BEGIN
  FOREACH each IN ARRAY ARRAY['add_event_partitions()', 'drop_event_partition(timestamptz)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', each, current_schema());
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END
$$;
SELECT add_event_partitions();
