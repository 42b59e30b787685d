-- AlterTable
ALTER TABLE "mails" ADD COLUMN     "mailbox" TEXT,
ADD COLUMN     "network" TEXT;

-- AlterTable
ALTER TABLE "registrations" ADD COLUMN     "mail_held_back_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "mail_outcomes" (
    "kind" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "mail_outcomes_pkey" PRIMARY KEY ("kind","outcome")
);

-- CreateIndex
CREATE INDEX "mailed_tokens_address_purpose_idx" ON "mailed_tokens"("address", "purpose");

-- CreateIndex
CREATE INDEX "mails_waiting_by_network_idx" ON "mails"("network") WHERE (state = 'queued'::text);

-- CreateIndex
CREATE INDEX "mails_sent_by_mailbox_idx" ON "mails"("mailbox", "state_at") WHERE (mailbox IS NOT NULL);

-- CreateIndex
CREATE INDEX "mails_sent_by_network_idx" ON "mails"("network", "state_at") WHERE (mailbox IS NOT NULL);
