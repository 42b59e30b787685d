-- The table `events` becomes the first partition of a table that is partitioned by month: see "partitions by month" in
-- docs/decisions. This constraint shows PostgreSQL that all rows of the table belong to that partition, so that the
-- table need not be read while it is locked. The partition ends with the next month. An id is a UUIDv7, so it begins with
-- the time in milliseconds.
CREATE FUNCTION "first_id_at"(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

DO $$
DECLARE
  end_of_first uuid := first_id_at((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months') AT TIME ZONE 'UTC');
BEGIN
  -- If an id is not of the past, nothing can be said about the ids to come. The first partition then never ends.
  IF EXISTS (SELECT FROM events WHERE id >= end_of_first) THEN
    end_of_first := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  END IF;
  EXECUTE format('ALTER TABLE events ADD CONSTRAINT events_in_first_partition CHECK (id < %L) NOT VALID', end_of_first);
END
$$;
