-- CreateTable
CREATE TABLE "security_events" (
    "id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "account_id" UUID NOT NULL,
    "session_id" UUID,
    "actor_type" TEXT NOT NULL,
    "addressed_at" TIMESTAMPTZ(3),

    CONSTRAINT "security_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "security_event_deliveries" (
    "event_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "queued_at" TIMESTAMPTZ(3) NOT NULL,
    "attempted_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "security_event_deliveries_pkey" PRIMARY KEY ("event_id","url")
);

-- CreateIndex
CREATE UNIQUE INDEX "security_events_position_key" ON "security_events"("position");

-- CreateIndex
CREATE INDEX "security_events_account_id_position_idx" ON "security_events"("account_id", "position");

-- CreateIndex
CREATE INDEX "security_events_at_idx" ON "security_events"("at");

-- AddForeignKey
ALTER TABLE "security_event_deliveries" ADD CONSTRAINT "security_event_deliveries_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "security_events"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Beyond prisma/schema.prisma, proven in test/contract/migrations.test.ts: a misspelt word would never be sent.
ALTER TABLE "security_event_deliveries" ADD CONSTRAINT "security_event_deliveries_state_known"
  CHECK (state IN ('pending', 'delivered', 'failed'));
