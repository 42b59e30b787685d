-- AlterTable
ALTER TABLE "keys" ADD COLUMN     "activate_at" TIMESTAMPTZ(3);

-- From here on: what prisma/schema.prisma cannot say; test/contract/service-clients-table.test.ts proves it.

-- Only a key that is not in use yet can be planned to be.
ALTER TABLE "keys" ADD CONSTRAINT "keys_only_next_is_planned" CHECK (activate_at IS NULL OR state = 'next');
