-- What prisma/schema.prisma cannot say: events of other accounts that name an address, as the address they asked for,
-- left or had unlocked. Erasing the person who has the address finds them by it. Few events have these members, so the
-- indexes are small.
CREATE INDEX "events_details_to_idx" ON "events" (lower(details ->> 'to')) WHERE details ? 'to';
CREATE INDEX "events_details_from_idx" ON "events" (lower(details ->> 'from')) WHERE details ? 'from';
CREATE INDEX "events_details_address_idx" ON "events" (lower(details ->> 'address')) WHERE details ? 'address';
