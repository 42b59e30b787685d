-- What is still to be sent is counted for every scrape of the metrics.
CREATE INDEX "mails_waiting_idx" ON "mails"("queued_at") WHERE (state = ANY (ARRAY['queued'::text, 'sending'::text]));
