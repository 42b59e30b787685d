-- CreateIndex, with the collation that prisma/schema.prisma cannot say.
CREATE INDEX "addresses_prefix_idx" ON "addresses"("address" COLLATE "C");

-- CreateIndex
CREATE INDEX "email_changes_to_address_idx" ON "email_changes"("to_address");

-- What prisma/schema.prisma cannot say: events that name an address by its keyed hash alone, as those of somebody who
-- tried to sign in. Erasing the person finds them by it; without the index that would read the whole trail.
CREATE INDEX "events_address_hash_idx" ON "events" ((details ->> 'addressHash')) WHERE details ? 'addressHash';
