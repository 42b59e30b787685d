-- A failed sign-in takes as long as the costliest hash there is would: its cost is read for each, so it has to be at hand.
CREATE FUNCTION bcrypt_cost(password_hash text) RETURNS integer
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN substring(password_hash FROM '\$2[aby]\$(\d\d)\$')::integer;

CREATE INDEX accounts_bcrypt_cost_idx ON accounts (bcrypt_cost(password_hash));
CREATE INDEX registrations_bcrypt_cost_idx ON registrations (bcrypt_cost(password_hash));
