-- A link whose registration is over must still be recognised as used, or as no longer valid.
-- DropForeignKey
ALTER TABLE "mailed_tokens" DROP CONSTRAINT "mailed_tokens_registration_id_fkey";

-- AddForeignKey
ALTER TABLE "mailed_tokens" ADD CONSTRAINT "mailed_tokens_registration_id_fkey" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE SET NULL ON UPDATE CASCADE;
