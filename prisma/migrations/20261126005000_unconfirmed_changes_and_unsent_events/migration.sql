-- CreateIndex: the hourly purge reads the changes that were never confirmed. Confirmed ones are kept for ever.
CREATE INDEX "email_changes_unconfirmed_idx" ON "email_changes"("expires_at") WHERE (confirmed_at IS NULL);

-- CreateIndex: Support lists the deliveries that have failed or that wait, which are few of all.
CREATE INDEX "security_event_deliveries_undelivered_idx" ON "security_event_deliveries"("state", "event_id") WHERE (state <> 'delivered'::text);
