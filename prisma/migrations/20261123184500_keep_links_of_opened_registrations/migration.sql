-- A link outlives its registration, so that opening it a second time answers "used" and not "never made by us".
-- AlterTable
ALTER TABLE "mailed_tokens" DROP CONSTRAINT "mailed_tokens_registration_id_fkey";

-- AddForeignKey
ALTER TABLE "mailed_tokens" ADD CONSTRAINT "mailed_tokens_registration_id_fkey" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE SET NULL ON UPDATE CASCADE;
