-- CreateIndex: Support lists the security events of an account, the newest first.
CREATE INDEX "security_events_account_id_id_idx" ON "security_events"("account_id", "id");

-- CreateIndex: Support looks current addresses up by their beginning. With locked addresses in the index, a page has to pass
-- all those with the same beginning.
CREATE INDEX "addresses_current_prefix_idx" ON "addresses"("address" COLLATE "C") WHERE (locked_at IS NULL);

-- DropIndex
DROP INDEX "addresses_prefix_idx";
