-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "locale" TEXT;

-- AlterTable
ALTER TABLE "registrations" ADD COLUMN     "locale" TEXT;
