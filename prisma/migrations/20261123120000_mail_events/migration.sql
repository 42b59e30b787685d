-- CreateTable
CREATE TABLE "mail_events" (
    "id" TEXT NOT NULL,
    "mail_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mail_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "suppressed_addresses" (
    "address" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "provider_reason" TEXT,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "suppressed_addresses_pkey" PRIMARY KEY ("address")
);

-- CreateIndex
CREATE INDEX "mail_events_mail_id_at_idx" ON "mail_events"("mail_id", "at");

-- AddForeignKey
ALTER TABLE "mail_events" ADD CONSTRAINT "mail_events_mail_id_fkey" FOREIGN KEY ("mail_id") REFERENCES "mails"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Beyond prisma/schema.prisma, proven in test/contract/migrations.test.ts: words that a mail's state is derived from.
ALTER TABLE "mail_events" ADD CONSTRAINT "mail_events_type_known" CHECK (type IN (
  'processed', 'deferred', 'delivered', 'opened', 'clicked', 'bounced', 'blocked', 'dropped', 'spam_reported'
));
ALTER TABLE "suppressed_addresses" ADD CONSTRAINT "suppressed_addresses_reason_known"
  CHECK (reason IN ('bounced', 'dropped', 'spam_reported'));
