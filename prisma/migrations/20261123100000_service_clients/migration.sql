-- CreateTable
CREATE TABLE "service_clients" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "secret_hash" TEXT NOT NULL,
    "previous_secret_hash" TEXT,
    "previous_secret_expires_at" TIMESTAMPTZ(3),
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "service_clients_pkey" PRIMARY KEY ("id")
);

-- From here on: what prisma/schema.prisma cannot say; test/contract/service-clients-table.test.ts proves each.

-- Its own namespace: an id that looked like an account's would make a service's token a person's (RFC 9700 4.15).
ALTER TABLE "service_clients" ADD CONSTRAINT "service_clients_id_namespace" CHECK (id ~ '^svc_[0-9a-f]{32}$');

-- A secret in the clear cannot be stored in place of its hash.
ALTER TABLE "service_clients" ADD CONSTRAINT "service_clients_secret_hashed"
  CHECK (secret_hash ~ '^[0-9a-f]{64}$' AND previous_secret_hash ~ '^[0-9a-f]{64}$');

-- A previous secret without an end would be good for ever.
ALTER TABLE "service_clients" ADD CONSTRAINT "service_clients_previous_secret_ends"
  CHECK ((previous_secret_hash IS NULL) = (previous_secret_expires_at IS NULL));
