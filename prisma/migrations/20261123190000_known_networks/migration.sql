-- AlterTable
ALTER TABLE "throttles" ADD COLUMN "succeeded_at" TIMESTAMPTZ(3);
